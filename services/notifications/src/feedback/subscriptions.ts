import { mailBounced, mailComplained, mailDelayed, mailProgressed, mailRejected } from '@boxoffice/contracts'
import { ignore, on, type Subscriber } from '@boxoffice/messaging'
import type { Tx } from '../database.ts'
import type { FeedbackHandlers } from './feedback-handlers.ts'

/** Handles the messages that `translateSesEvent` makes of SES events. */
export const feedbackSubscribers = ({
  bounced,
  rejected,
  delayed,
  complained,
}: FeedbackHandlers): readonly Subscriber<Tx>[] => [
  on(mailBounced, (tx: Tx, { payload }) => bounced(tx, payload)),
  on(mailRejected, (tx: Tx, { payload }) => rejected(tx, payload)),
  on(mailDelayed, (tx: Tx, { payload }) => delayed(tx, payload)),
  on(mailComplained, (tx: Tx, { payload }) => complained(tx, payload)),
  ignore(mailProgressed),
]
