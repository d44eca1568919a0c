import type { paymentsRoutes } from '@boxoffice/contracts'
import { currentTraceparent, type Handler, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { KNOWN_ALREADY } from './take-in.ts'
import { toldBy } from './told.ts'

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
    const told = toldBy(event)
    const [only] = told
    const { rows } = await pool.query<{ processed: boolean }>(
      `insert into webhook_events (webhook_event_id, type, body, traceparent, processed_at, outcome)
       select $1, $2, $3, $4, case when k.outcome is not null then clock_timestamp() end, k.outcome
       from (select case
         when exists (select from ledger_entries where reference = $5 and kind = 'CHARGE') then '${KNOWN_ALREADY}' end as outcome) k
       on conflict on constraint webhook_events_pkey do nothing returning processed_at is not null as processed`,
      [
        ...[event.id, event.type, rawBody, currentTraceparent()],
        // Of a charge that is booked there is nothing to learn.
        told.length === 1 && only?.kind === 'charged' ? only.transactionId : null,
      ],
    )
    if (!rows[0]?.processed) webhooks.nudge()
    return { status: 200, body: { received: true } }
  }
