import { type TraceEntry, traceLimits } from '@boxoffice/contracts'
import type { TraceSource } from '@boxoffice/messaging'
import type { Sql } from '@boxoffice/service-kit'
import {
  findTracedOrders,
  findWebhooks,
  type JournalLine,
  listJournals,
  type TracedWebhook,
} from './trace-repository.ts'

/** Finds the journal of orders, and what the gateway reported about them. */
export const createTraceSource =
  ({ db }: { db: Sql }): TraceSource =>
  async (ids, max) => {
    const orders = await findTracedOrders(db, ids, { max, ticketsMax: traceLimits.relatedMax })
    const orderIds = orders.map(({ orderId }) => orderId)
    const ofCharge = new Map(orders.map(({ transactionId, orderId }) => [transactionId, orderId]))
    const charges = [...ofCharge.keys()].filter((id) => id !== null)
    const [journal, webhooks] = await Promise.all([
      listJournals(db, orderIds, max),
      findWebhooks(db, [...orderIds, ...charges], max),
    ])
    const orderOf = ({ subject }: TracedWebhook) => ofCharge.get(subject) ?? subject
    return {
      entries: [
        ...journal.map(entryOfStep),
        ...webhooks.flatMap((webhook) => entriesOfWebhook(webhook, orderOf(webhook))),
      ],
      related: { orderIds, ticketIds: orders.flatMap(({ ticketIds }) => ticketIds) },
    }
  }

/** Of input and detail nothing: they are about people and their money. */
const entryOfStep = ({ at, step, result, state, orderId }: JournalLine): TraceEntry => ({
  at,
  kind: 'SAGA',
  what: `${step} ${result ?? 'STARTED'}`,
  orderId,
  detail: `state ${state}`,
})

function entriesOfWebhook(webhook: TracedWebhook, orderId: string): TraceEntry[] {
  const { type, receivedAt, processedAt, outcome, attempts } = webhook
  const waits = processedAt || attempts === 0 ? null : `unprocessed after ${attempts} attempts`
  const received: TraceEntry = { at: receivedAt, kind: 'WEBHOOK', what: `${type} received`, orderId }
  const processed: TraceEntry[] = processedAt
    ? [
        {
          at: processedAt,
          kind: 'WEBHOOK',
          what: `${type} processed`,
          orderId,
          ...(outcome && { detail: outcome }),
        },
      ]
    : []
  return [{ ...received, ...(waits && { detail: waits }) }, ...processed]
}
