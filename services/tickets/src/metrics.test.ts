import { createMetrics } from '@boxoffice/service-kit'
import { expect, test } from 'vitest'
import { countCheckIns, countHolds } from './metrics.ts'

test('holds and check-ins are counted by their outcome, refusals by their code', async () => {
  const metrics = createMetrics('ticket-service')
  const answers = [
    { outcome: 'reserved' },
    { outcome: 'refused', error: 'SEATS_TAKEN' },
    { outcome: 'unknown-event' },
  ]
  const reserve = countHolds(metrics, async () => answers.shift() as never)
  for (let calls = 0; calls < 3; calls++) await reserve({} as never)
  const shown = [
    { outcome: 'admitted' },
    { outcome: 'refused', error: 'ALREADY_CHECKED_IN' },
    { outcome: 'unknown' },
  ]
  const checkIn = countCheckIns(metrics, async () => shown.shift() as never)
  for (let calls = 0; calls < 3; calls++) await checkIn({} as never)

  const text = await metrics.registry.metrics()
  for (const outcome of ['reserved', 'SEATS_TAKEN', 'unknown-event']) {
    expect(text).toContain(`holds_total{outcome="${outcome}",service="ticket-service"} 1\n`)
  }
  for (const outcome of ['admitted', 'ALREADY_CHECKED_IN', 'unknown']) {
    expect(text).toContain(`check_ins_total{outcome="${outcome}",service="ticket-service"} 1\n`)
  }
})
