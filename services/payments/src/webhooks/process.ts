import type { Messaging } from '@boxoffice/messaging'
import { createSweeper, type Logger, type Tx } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import type { createApplier } from '../saga/apply.ts'
import { createTakeIn } from './take-in.ts'
import { toldBy } from './told.ts'

const BATCH = 50

interface Row {
  webhook_event_id: string
  body: Stripe.Event
}

/** Works through what the gateway told us: each event once, in one transaction with its effect; what fails comes again. */
export function createWebhookProcessor(options: {
  messaging: Pick<Messaging, 'append' | 'transact'>
  apply: ReturnType<typeof createApplier>
  newId: () => string
  onSagaDue(): void
  logger: Logger
}) {
  const { messaging, logger } = options
  const takeIn = createTakeIn({ ...options, append: messaging.append })

  async function process(tx: Tx, { body }: Row): Promise<string> {
    const outcomes: string[] = []
    for (const told of toldBy(body)) outcomes.push(await takeIn(tx, told))
    return outcomes.join(', ') || 'not of interest'
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
