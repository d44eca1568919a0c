import { randomUUID } from 'node:crypto'
import { type OrderId, orderConfirmed, paymentsOpsRoutes, type TicketId } from '@boxoffice/contracts'
import { injectClient, tablesReadWhole } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
let orderId: OrderId
let ticketIds: TicketId[]
let ops: ReturnType<typeof opsOf>
const opsOf = (headers: Record<string, string>) => injectClient(payments.app, paymentsOpsRoutes, headers)

beforeAll(async () => {
  payments = await startService()
  ops = opsOf((await payments.authority.user(['USER', 'ADMIN'])).headers)
  orderId = orderIdOf(await payments.buy('pm_card_visa'))
  ticketIds = await payments.publishTicketsGenerated(orderId)
  await payments.probe.waitFor(orderConfirmed, ({ payload }) => payload.orderId === orderId)
})
afterEach(() => void vi.restoreAllMocks())
afterAll(() => payments.stop())

const trace = async (...ids: string[]) => (await ops.trace({ body: { ids } })).body
type Trace = Awaited<ReturnType<typeof trace>>
const whatOf = ({ entries }: Trace, kind: string) =>
  entries.filter((entry) => entry.kind === kind).map(({ what }) => what)

const journal = [
  'RESERVE STARTED',
  'RESERVE RESERVED',
  'CHARGE STARTED',
  'CHARGE CHARGED',
  'ISSUE STARTED',
  'ISSUE TICKETS_ISSUED',
]

test('a purchase is traced from reservation to confirmation: journal, messages, gateway', async () => {
  const found = await until(async () => {
    const found = await trace(orderId)
    expect(whatOf(found, 'WEBHOOK')).toContain('payment_intent.succeeded processed')
    expect(whatOf(found, 'PUBLISHED')).toHaveLength(whatOf(found, 'WRITTEN').length)
    return found
  })
  expect(whatOf(found, 'SAGA')).toEqual(journal)
  expect(found.entries.filter(({ kind }) => kind === 'SAGA').at(-1)).toMatchObject({
    orderId,
    detail: 'state CONFIRMED',
  })
  expect(whatOf(found, 'WRITTEN')).toEqual(
    expect.arrayContaining([
      'PAYMENT_COMPLETED to payment-events',
      'ORDER_CONFIRMED to payment-events',
      // This service writes it in the place of the ticket service.
      'TICKETS_GENERATED to ticket-events',
    ]),
  )
  expect(whatOf(found, 'HANDLED')).toEqual(['TICKETS_GENERATED'])
  expect(whatOf(found, 'WEBHOOK').toSorted()).toEqual([
    'payment_intent.succeeded processed',
    'payment_intent.succeeded received',
  ])
  const times = found.entries.map(({ at }) => at.getTime())
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(found).toMatchObject({ truncated: false, related: { orderIds: [orderId] } })
  expect(found.related.ticketIds.toSorted()).toEqual(ticketIds.toSorted())
  expect(found.related.messageIds.length).toBeGreaterThanOrEqual(3)
  expect(found.related.correlationIds.length).toBeGreaterThan(0)
  const text = JSON.stringify(found)
  for (const secret of ['Zofia', 'pm_card', '@', '10000', 'client_secret']) expect(text).not.toContain(secret)
})

test('its tickets, messages and requests lead to its order', async () => {
  const { related } = await trace(orderId)
  expect((await trace(ticketIds[0] as string)).related.orderIds).toEqual([orderId])
  expect(whatOf(await trace(ticketIds[0] as string), 'SAGA')).toEqual(journal)
  for (const id of [related.messageIds[0] as string, related.correlationIds[0] as string])
    expect((await trace(id)).related.orderIds).toEqual([orderId])
})

test('a dispute, which names the charge and not the order, is part of its order', async () => {
  const { rows } = await payments.deps.pool.query('select transaction_id from orders where order_id = $1', [
    orderId,
  ])
  const dispute = { object: 'dispute', amount: 10_000, currency: 'eur', reason: 'fraudulent' }
  await payments.sendWebhook('charge.dispute.created', {
    ...dispute,
    ...{ id: `du_${randomUUID()}`, status: 'needs_response', payment_intent: rows[0].transaction_id },
  })
  await until(async () => {
    const found = await trace(orderId)
    expect(whatOf(found, 'SAGA').at(-1)).toBe('DISPUTE OPENED')
    expect(found.entries).toContainEqual(
      expect.objectContaining({ what: 'charge.dispute.created processed', orderId, detail: 'alerted' }),
    )
  })
})

test('no large table is read as a whole', async () => {
  const { db, pool } = payments.deps
  const asked = vi.spyOn(db, 'query')
  await trace(orderId)
  const statements = asked.mock.calls.map(([text]) => text).filter((text) => /select/.test(text))
  expect(statements.join()).toContain('webhook_events')
  const whole = await Promise.all(statements.map((text) => tablesReadWhole(pool, text)))
  expect(new Set(whole.flat())).toEqual(new Set(['outbox']))
})
