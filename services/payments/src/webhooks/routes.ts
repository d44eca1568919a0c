import type { paymentsRoutes } from '@boxoffice/contracts'
import { type Handler, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'

/**
 * The signature is checked on the raw body, the event is kept, and only then acknowledged: the gateway
 * repeats until then.
 */
export const stripeWebhookHandler =
  ({ gateway, keepWebhook, webhooks }: Dependencies): Handler<typeof paymentsRoutes.stripeWebhook> =>
  async ({ headers, rawBody, log }) => {
    const signature = headers['stripe-signature']
    let event: ReturnType<typeof gateway.verifyWebhook>
    try {
      event = gateway.verifyWebhook(rawBody, typeof signature === 'string' ? signature : '')
    } catch (error) {
      log.warn({ err: error }, 'a webhook call is not from the gateway')
      return refuse(400, 'SIGNATURE_INVALID', 'the signature is not valid for this body')
    }
    const isDone = await keepWebhook(event, rawBody)
    if (!isDone) webhooks.nudge()
    return { status: 200, body: { received: true } }
  }
