import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { NotificationId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { BounceReason, DelayReason } from './routes.ts'

// The outcomes of mails after the provider accepted them. No service publishes these: the notification
// service translates SES's messages into them.

const ofMail = { topics: ['mail-feedback'], attributes: [] } as const
const OfMail = z.object({
  notificationId: NotificationId.optional().meta({
    description: 'which of our mails, where the provider says so',
  }),
  providerMessageId: z.string(),
  sentAt: Instant,
  at: Instant,
})
const addresses = z.array(z.string()).meta({ description: 'its recipients' })

/** It bounced and is not retried. */
export const mailBounced = defineMessage('MAIL_BOUNCED', {
  ...ofMail,
  payload: OfMail.extend({
    addresses,
    reason: BounceReason,
    permanent: z.boolean().meta({ description: 'addresses that no mail can reach' }),
  }),
})
/** The provider accepted it and did not send it because of its content. */
export const mailRejected = defineMessage('MAIL_REJECTED', {
  ...ofMail,
  payload: OfMail.extend({ reason: BounceReason }),
})
/** It is delayed: the provider keeps trying. */
export const mailDelayed = defineMessage('MAIL_DELAYED', {
  ...ofMail,
  payload: OfMail.extend({ reason: DelayReason }),
})
/**
 * A recipient marked it as spam; `undelivered`: they had done so before, and the provider did not send it.
 */
export const mailComplained = defineMessage('MAIL_COMPLAINED', {
  ...ofMail,
  payload: OfMail.extend({ addresses, reason: z.string(), undelivered: z.boolean() }),
})
/** Needs no action: sent, delivered, opened. */
export const mailProgressed = defineMessage('MAIL_PROGRESSED', {
  ...ofMail,
  payload: z.object({ what: z.string() }),
})
