import { type paymentsRoutes, SIGNATURE_INVALID } from '@boxoffice/contracts'
import { type Handler, refuse } from '@boxoffice/service-kit'
import type { Gateway } from '../gateway/gateway.ts'
import type { createWebhookKeeper } from './keep-webhooks.ts'

interface WebhookDeps {
  gateway: Pick<Gateway, 'verifyWebhook'>
  keepWebhook: ReturnType<typeof createWebhookKeeper>
  /** Processes saved events. */
  webhooks: { nudge(): void }
}

/**
 * Checks the signature on the raw body and saves the event before acknowledging it: the gateway retries until
 * then.
 */
export const stripeWebhookHandler =
  ({ gateway, keepWebhook, webhooks }: WebhookDeps): Handler<typeof paymentsRoutes.stripeWebhook> =>
  async ({ headers, rawBody, log }) => {
    const signature = headers['stripe-signature']
    let event: ReturnType<typeof gateway.verifyWebhook>
    try {
      event = gateway.verifyWebhook(rawBody, typeof signature === 'string' ? signature : '')
    } catch (error) {
      log.warn({ err: error }, 'webhook call refused: invalid signature')
      return refuse(SIGNATURE_INVALID)
    }
    const isDone = await keepWebhook(event, rawBody)
    if (!isDone) webhooks.nudge()
    return { status: 200, body: { received: true } }
  }
