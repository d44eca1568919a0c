import type { Minor, NewTicketType, TicketTypeId } from '@boxoffice/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { newId } from '../../test/requests.ts'
import { startService, type TestService } from '../../test/start-service.ts'
import type { EventsClient } from '../event-replicas/event-replicas.ts'
import { makeType } from './make-type.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const stalls = { name: 'Stalls', unitPrice: 5_000 as Minor, currency: 'EUR', zoneIds: [1, 4, 9] } as const
/** An event with one general type, and an event service that answers with its plan. */
async function anEvent(answer: Awaited<ReturnType<EventsClient['getSeatingPlanInfo']>>) {
  const { eventId } = await setting.offer(10)
  const getPlan = vi.fn(async () => answer)
  const make = (over: Partial<NewTicketType> = {}, typesPerEventMax = 50) =>
    makeType(
      {
        ...setting.deps,
        config: { ...setting.deps.config, typesPerEventMax },
        events: { ...setting.deps.events, getSeatingPlanInfo: getPlan },
      },
      newId<TicketTypeId>(),
      { ...stalls, eventId, ...over } as NewTicketType,
    )
  return { eventId, getPlan, make }
}
const noPlan = {
  status: 404,
  body: { error: 'SEATING_PLAN_NOT_FOUND', message: 'no plan', requestId: 'r' },
} as const

test('freezes no plan for a refused type: it asks for one when nothing else is wrong', async () => {
  const { getPlan, make } = await anEvent(noPlan)
  await expect(make({ currency: 'PLN' })).rejects.toMatchObject({
    refusal: { status: 409, body: { error: 'CURRENCY_MISMATCH' } },
  })
  await expect(make({}, 1)).rejects.toMatchObject({
    refusal: { status: 409, body: { error: 'LIMIT_EXCEEDED' } },
  })
  expect(getPlan).not.toHaveBeenCalled()
})

test('names the zones of which it would make seats, and those that the plan does not have', async () => {
  const body = { error: 'ZONES_NOT_IN_PLAN' as const, message: 'not all', requestId: 'r', zoneIds: [4, 9] }
  const { eventId, getPlan, make } = await anEvent({ status: 409, body })
  const details = [{ path: 'body.zoneIds.1' }, { path: 'body.zoneIds.2' }]
  await expect(make()).rejects.toMatchObject({
    refusal: { status: 400, body: { error: 'VALIDATION_FAILED', details } },
  })
  expect(getPlan).toHaveBeenCalledExactlyOnceWith({ params: { eventId }, query: { zoneIds: [1, 4, 9] } })
})
