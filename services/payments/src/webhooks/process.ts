import type { Append } from '@boxoffice/messaging'
import { continueTrace, createSweeper, type Database, type Logger, type Tx } from '@boxoffice/service-kit'
import { UnexpectedInput } from '../saga/advance.ts'
import type { Apply } from '../saga/apply.ts'
import { gatewayEventsOf } from './gateway-event.ts'
import { createGatewayEventHandler, NO_SUCH_ORDER } from './handle-gateway-event.ts'
import {
  deferWebhookEvent,
  lockDueWebhookEvent,
  markProcessed,
  type WebhookEvent,
} from './webhook-repository.ts'

const BATCH = 50

/**
 * Processes the gateway's webhook events: each once, in one transaction with its effect. Failures are
 * retried; so are events about an unknown charge, for a day. An event that the saga does not expect is stored
 * with the reason and not retried.
 */
export function createWebhookProcessor(options: {
  db: Database
  append: Append
  apply: Apply
  newId: () => string
  onSagaDue(): void
  logger: Logger
  intervalMs: number
}) {
  const { db, logger } = options
  const handle = createGatewayEventHandler(options)

  /** Returns a description of the result; null if the charge may become known later. */
  async function process(tx: Tx, { body, isRecent }: WebhookEvent): Promise<string | null> {
    const outcomes: string[] = []
    for (const event of gatewayEventsOf(body)) {
      const outcome = await handle(tx, event)
      if (outcome === null && isRecent) return null
      outcomes.push(outcome ?? NO_SUCH_ORDER)
    }
    return outcomes.join(', ') || 'not of interest'
  }

  /** Processes one event; returns whether others are due. */
  async function next(): Promise<{ taken: boolean; more: boolean }> {
    return db.transact(async (tx) => {
      const event = await lockDueWebhookEvent(tx)
      if (!event) return { taken: false, more: false }
      const { webhookEventId, body, traceparent, isLast } = event
      try {
        const inTrace = () => continueTrace(traceparent, `webhook ${body.type}`, () => process(tx, event))
        const outcome = await tx.savepoint(inTrace, (outcome) => outcome !== null)
        if (outcome === null) await deferWebhookEvent(tx, webhookEventId)
        else await markProcessed(tx, webhookEventId, outcome)
      } catch (error) {
        const isOver = error instanceof UnexpectedInput
        const what = isOver ? 'failed permanently' : 'failed, will be retried'
        logger.error({ err: error, ...aboutOf(event) }, `webhook event ${what}`)
        if (isOver) await markProcessed(tx, webhookEventId, `failed permanently: ${error.message}`)
      }
      return { taken: true, more: !isLast }
    })
  }

  return createSweeper({
    name: 'webhook processor',
    intervalMs: options.intervalMs,
    logger,
    async sweep() {
      let taken = 0
      for (let more = true; more && taken < BATCH; ) {
        const event = await next()
        if (event.taken) taken++
        more = event.more
      }
      if (taken > 0) options.onSagaDue()
      return { more: taken === BATCH }
    },
  })
}

/** Fields for a log line: the event, its order, and when it is retried. */
function aboutOf({ webhookEventId, body, attempts, waitSeconds }: WebhookEvent) {
  const { metadata } = body.data.object as { metadata?: { orderId?: string } | null }
  const waitMs = Math.round(waitSeconds * 1_000)
  return { webhookEventId, type: body.type, orderId: metadata?.orderId, attempts, waitMs }
}
