import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { NotificationId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { BounceReason, DelayReason } from './routes.ts'

// What became of mails that the provider took. Nobody of ours publishes these: the notification service makes
// them of what SES publishes on the topic, in words of SES's own.

const ofMail = { topics: ['mail-feedback'], attributes: [] } as const
const OfMail = z.object({
  notificationId: NotificationId.optional().meta({
    description: 'which of our mails, where the provider says so',
  }),
  providerMessageId: z.string(),
  sentAt: Instant,
  at: Instant,
})
const addresses = z.array(z.string()).meta({ description: 'whom it was for' })

/** It came back, and is not tried any more. */
export const mailBounced = defineMessage('MAIL_BOUNCED', {
  ...ofMail,
  payload: OfMail.extend({
    addresses,
    reason: BounceReason,
    permanent: z.boolean().meta({ description: 'no mail will reach these addresses' }),
  }),
})
/** The provider took it and did not send it, for what is in it. */
export const mailRejected = defineMessage('MAIL_REJECTED', {
  ...ofMail,
  payload: OfMail.extend({ reason: BounceReason }),
})
/** It is late: the provider goes on trying. */
export const mailDelayed = defineMessage('MAIL_DELAYED', {
  ...ofMail,
  payload: OfMail.extend({ reason: DelayReason }),
})
/**
 * Somebody called it unwanted; `undelivered`: the provider knew that they had before, and did not send it.
 */
export const mailComplained = defineMessage('MAIL_COMPLAINED', {
  ...ofMail,
  payload: OfMail.extend({ addresses, reason: z.string(), undelivered: z.boolean() }),
})
/** Nothing that anybody has to do something about: it was sent, delivered, opened. */
export const mailProgressed = defineMessage('MAIL_PROGRESSED', {
  ...ofMail,
  payload: z.object({ what: z.string() }),
})
