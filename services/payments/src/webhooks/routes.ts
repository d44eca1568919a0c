import { type paymentsRoutes, SIGNATURE_INVALID } from '@boxoffice/contracts'
import { type Handler, refuse } from '@boxoffice/service-kit'
import type { Gateway } from '../gateway/gateway.ts'
import type { createWebhookKeeper } from './keep-webhooks.ts'

interface WebhookDeps {
  gateway: Pick<Gateway, 'verifyWebhook'>
  keepWebhook: ReturnType<typeof createWebhookKeeper>
  /** Handles what is kept. */
  webhooks: { nudge(): void }
}

/**
 * The signature is checked on the raw body, the event is kept, and only then acknowledged: the gateway
 * repeats until then.
 */
export const stripeWebhookHandler =
  ({ gateway, keepWebhook, webhooks }: WebhookDeps): Handler<typeof paymentsRoutes.stripeWebhook> =>
  async ({ headers, rawBody, log }) => {
    const signature = headers['stripe-signature']
    let event: ReturnType<typeof gateway.verifyWebhook>
    try {
      event = gateway.verifyWebhook(rawBody, typeof signature === 'string' ? signature : '')
    } catch (error) {
      log.warn({ err: error }, 'webhook call refused: its signature is not valid')
      return refuse(SIGNATURE_INVALID)
    }
    const isDone = await keepWebhook(event, rawBody)
    if (!isDone) webhooks.nudge()
    return { status: 200, body: { received: true } }
  }
