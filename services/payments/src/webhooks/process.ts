import type { Append } from '@boxoffice/messaging'
import { continueTrace, createSweeper, type Database, type Logger, type Tx } from '@boxoffice/service-kit'
import { UnexpectedInput } from '../saga/advance.ts'
import type { Apply } from '../saga/apply.ts'
import { gatewayEventsOf } from './gateway-event.ts'
import { createGatewayEventHandler, NO_SUCH_ORDER } from './handle-gateway-event.ts'
import { keepForLater, markProcessed, takeWebhookEvent, type WebhookEvent } from './webhook-repository.ts'

const BATCH = 50

/**
 * Works through the gateway's webhook events: each once, in one transaction with its effect. What fails is
 * retried; so is, for a day, what is about a charge that we do not know. What a saga does not expect is kept
 * with its reason, and not tried again.
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

  /** What came of it; null where it is about a charge that may become known. */
  async function process(tx: Tx, { body, isRecent }: WebhookEvent): Promise<string | null> {
    const outcomes: string[] = []
    for (const event of gatewayEventsOf(body)) {
      const outcome = await handle(tx, event)
      if (outcome === null && isRecent) return null
      outcomes.push(outcome ?? NO_SUCH_ORDER)
    }
    return outcomes.join(', ') || 'not of interest'
  }

  /** One event; whether there are others that are due. */
  async function next(): Promise<{ taken: boolean; more: boolean }> {
    return db.transact(async (tx) => {
      const event = await takeWebhookEvent(tx)
      if (!event) return { taken: false, more: false }
      const { webhookEventId, body, traceparent, isLast } = event
      try {
        const inTrace = () => continueTrace(traceparent, `webhook ${body.type}`, () => process(tx, event))
        const outcome = await tx.savepoint(inTrace, (outcome) => outcome !== null)
        if (outcome === null) await keepForLater(tx, webhookEventId)
        else await markProcessed(tx, webhookEventId, outcome)
      } catch (error) {
        const isOver = error instanceof UnexpectedInput
        const what = isOver
          ? 'can never be handled, kept with its reason'
          : 'handling failed, will be retried'
        logger.error({ err: error, ...aboutOf(event) }, `webhook event ${what}`)
        if (isOver) await markProcessed(tx, webhookEventId, `can never be handled: ${error.message}`)
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

/** For a log line: the event, the order that it names, and when it is tried again. */
function aboutOf({ webhookEventId, body, attempts, waitSeconds }: WebhookEvent) {
  const { metadata } = body.data.object as { metadata?: { orderId?: string } | null }
  const waitMs = Math.round(waitSeconds * 1_000)
  return { webhookEventId, type: body.type, orderId: metadata?.orderId, attempts, waitMs }
}
