import { eventCancelled, userCreated } from '@boxoffice/contracts'
import { inSpan } from '@boxoffice/service-kit'
import { recordSpans } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createdFor, startService, type TestService } from './start-service.ts'

let service: TestService
let recorded: ReturnType<typeof recordSpans>
beforeAll(async () => {
  service = await startService()
  recorded = recordSpans()
  service.work()
})
afterAll(async () => {
  await recorded.stop()
  await service.stop()
})

const traceOf = (name: string) => recorded.spans().find((span) => span.name === name)?.traceId ?? `no ${name}`
const named = (name: string, traceId: string) =>
  until(() => {
    const span = recorded.spans().find((one) => one.name === name && one.traceId === traceId)
    if (!span) throw new Error(`no span ${name} in ${traceId}`)
    return span
  })

test('a mail goes out in the trace of the message that it came of', async () => {
  const user = await service.user({ locale: 'en' })
  const created = createdFor(user, await service.seal('tok'))
  await inSpan('registration', {}, () => service.publish(userCreated, created))
  const traceId = traceOf('registration')
  const consumed = await named('process USER_CREATED', traceId)
  const sent = await named('send USER_WELCOME', traceId)
  expect(sent.parentId).toBe(consumed.spanId)
  expect(await named('mail sendRawEmail', traceId)).toMatchObject({ parentId: sent.spanId, failed: null })
  expect(await named('auth getUsers', traceId)).toMatchObject({ parentId: sent.spanId })
  expect(JSON.stringify(recorded.spans())).not.toContain(user.email)
})

test("an announcement is spread in the cancellation's trace, each mail in its own", async () => {
  const holder = await service.user({ locale: 'en' })
  service.world.holders = [holder.userId]
  service.world.event.status = 'CANCELLED'
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    service.world.event
  const event = { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status }
  await inSpan('cancellation', {}, () =>
    service.publish(eventCancelled, { ...event, eventName: name, cancellationReason: 'rain' }),
  )
  const traceId = traceOf('cancellation')
  await named('announce EVENT_CANCELLED', traceId)
  await until(() => expect(service.ses.mails(holder.email)).toHaveLength(1))
  const sent = await until(() => {
    const span = recorded.spans().find((one) => one.name === 'send EVENT_CANCELLED')
    if (!span) throw new Error('not sent yet')
    return span
  })
  expect(sent.parentId).toBeNull()
  expect(sent.traceId).not.toBe(traceId)
})
