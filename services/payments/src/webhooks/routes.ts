import type { paymentsRoutes } from '@boxoffice/contracts'
import { currentTraceparent, type Handler, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'

/** The signature is checked on the raw body, the event is kept, and only then acknowledged: the gateway repeats until then. */
export const stripeWebhookHandler =
  ({ gateway, pool, webhooks }: Dependencies): Handler<typeof paymentsRoutes.stripeWebhook> =>
  async ({ headers, rawBody, log }) => {
    const signature = headers['stripe-signature']
    let event: ReturnType<typeof gateway.verifyWebhook>
    try {
      event = gateway.verifyWebhook(rawBody, typeof signature === 'string' ? signature : '')
    } catch (error) {
      log.warn({ err: error }, 'a webhook call is not from the gateway')
      return refuse(400, 'SIGNATURE_INVALID', 'the signature is not valid for this body')
    }
    await pool.query(
      `insert into webhook_events (webhook_event_id, type, body, traceparent) values ($1, $2, $3, $4)
       on conflict on constraint webhook_events_pkey do nothing`,
      [event.id, event.type, rawBody, currentTraceparent()],
    )
    webhooks.nudge()
    return { status: 200, body: { received: true } }
  }
