import { OrderId } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import { createSweeper, type Logger, type Tx } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import { declineOf } from '../gateway/gateway.ts'
import type { createApplier } from '../saga/apply.ts'
import type { SagaInput } from '../saga/saga.ts'
import { findSagaForUpdate, isEventCancelled } from '../saga/saga-repository.ts'

const BATCH = 50

interface Row {
  webhook_event_id: string
  body: Stripe.Event
}

/** Works through what the gateway told us: each event once, in one transaction with its effect; what fails comes again. */
export function createWebhookProcessor(options: {
  messaging: Pick<Messaging, 'transact'>
  apply: ReturnType<typeof createApplier>
  onSagaDue(): void
  logger: Logger
}) {
  const { messaging, apply, logger } = options

  async function process(tx: Tx, { body }: Row): Promise<string> {
    const told = orderAndInput(body)
    if (!told) return 'not of interest'
    const saga = await findSagaForUpdate(tx, told.orderId)
    if (!saga) return 'no such order'
    const { input } = told
    const eventCancelled = saga.context.eventId ? await isEventCancelled(tx, saga.context.eventId) : false
    const applied = await apply(tx, saga, input.type === 'CHARGED' ? { ...input, eventCancelled } : input)
    return applied.applied ? `saga moved to ${applied.saga.state}` : 'known already'
  }

  /** One event; false where there is none due. */
  async function next(): Promise<boolean> {
    return messaging.transact(async (tx) => {
      const [row] = await tx.query<Row>(
        `update webhook_events set attempts = attempts + 1,
           next_attempt_at = clock_timestamp() + least(3600, power(2, attempts)) * interval '1 second'
         where webhook_event_id = (
           select webhook_event_id from webhook_events where processed_at is null and next_attempt_at <= clock_timestamp()
           order by next_attempt_at limit 1 for update skip locked)
         returning webhook_event_id, body`,
      )
      if (!row) return false
      await tx.query('savepoint effect')
      try {
        const outcome = await process(tx, row)
        await tx.query('update webhook_events set processed_at = clock_timestamp(), outcome = $2 where webhook_event_id = $1', [
          row.webhook_event_id,
          outcome,
        ])
      } catch (error) {
        await tx.query('rollback to savepoint effect')
        logger.error({ err: error, webhookEventId: row.webhook_event_id }, 'a webhook event failed; it comes again')
      }
      return true
    })
  }

  return createSweeper({
    name: 'webhook processor',
    intervalMs: 5_000,
    logger,
    async sweep() {
      let done = 0
      while (done < BATCH && (await next())) done++
      if (done > 0) options.onSagaDue()
      return { more: done === BATCH }
    },
  })
}

/** What an event says of an order of ours; null for those that say nothing that a saga waits for. */
function orderAndInput(event: Stripe.Event): { orderId: OrderId; input: SagaInput } | null {
  if (event.type !== 'payment_intent.succeeded' && event.type !== 'payment_intent.payment_failed') return null
  const intent = event.data.object
  const orderId = OrderId.safeParse(intent.metadata.orderId)
  if (!orderId.success) return null
  if (event.type === 'payment_intent.succeeded') {
    return { orderId: orderId.data, input: { type: 'CHARGED', transactionId: intent.id, eventCancelled: false } }
  }
  const { reason, message } = declineOf(
    intent.last_payment_error?.decline_code ?? intent.last_payment_error?.code,
    intent.last_payment_error?.message,
  )
  return {
    orderId: orderId.data,
    input: { type: 'DECLINED', failure: { reason, status: 402, code: 'PAYMENT_DECLINED', message } },
  }
}
