import { ticketCancelled, ticketTransferred } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { idOf } from './history.ts'
import { startService, type TestService } from './start-service.ts'

let analytics: TestService
beforeAll(async () => {
  analytics = await startService()
})
afterAll(() => analytics?.stop())

test('a message that comes again drops what its first delivery should have dropped', async () => {
  const { deps } = analytics
  const event = await analytics.publishEvent()
  const bought = await event.sell(1, [0, 0])
  const [first, second] = bought.tickets
  const recipientId = idOf(event.name, 'recipient')
  const passedOn = idOf(event.name, 'passed on')
  const of = { ...bought.of, ticketNumber: 'TKT-2026-000001', ticketTypeId: event.typeIds[0] }
  await event.publish(ticketTransferred, {
    ...{ ...of, ticketId: second?.ticketId, newTicketId: passedOn, recipientId },
    ...{ recipientEmail: 'ola@example.test', holderName: 'Ola' },
  })
  await event.publish(ticketCancelled, {
    ...{ ...of, ticketId: first?.ticketId, reason: 'asked', unitPrice: 50, currency: 'EUR' },
  })
  const count = async () =>
    (await analytics.visitor.countSoldTickets({ params: { eventId: event.eventId } })).body
  await until(async () => expect(await count()).toMatchObject({ soldCount: 1 }))
  const changed = vi.spyOn(deps.invalidations, 'changed')
  const { rowCount } = await deps.pool.query(
    `update outbox set published_at = null, leased_until = null
     where body->'payload'->>'orderId' = $1 and event_type in ('TICKETS_GENERATED', 'TICKET_CANCELLED')`,
    [bought.of.orderId],
  )
  expect(rowCount).toBe(2)
  deps.messaging.relay.nudge()
  const dropped = () => new Set(changed.mock.calls.flatMap(([, tags]) => tags))
  await until(() => {
    for (const tag of [
      `event:${event.eventId}`,
      `user:${bought.of.userId}`,
      `user:${recipientId}`,
      ...[first?.ticketId, second?.ticketId, passedOn].map((ticketId) => `ticket:${ticketId}`),
    ])
      expect(dropped()).toContain(tag)
  })
})
