import { mailBounced, mailComplained, mailDelayed, mailProgressed, mailRejected } from '@boxoffice/contracts'
import { ignore, on, type Subscriber } from '@boxoffice/messaging'
import type { FeedbackTx } from './feedback-transaction.ts'
import type { Feedback } from './take-in.ts'

/** What each thing that SES tells becomes, once `translateSesEvent` has put it into words of ours. */
export const feedbackSubscribers = ({ bounced, rejected, delayed, complained }: Feedback): readonly Subscriber<FeedbackTx>[] => [
  on(mailBounced, (tx: FeedbackTx, { payload }) => bounced(tx, payload)),
  on(mailRejected, (tx: FeedbackTx, { payload }) => rejected(tx, payload)),
  on(mailDelayed, (tx: FeedbackTx, { payload }) => delayed(tx, payload)),
  on(mailComplained, (tx: FeedbackTx, { payload }) => complained(tx, payload)),
  ignore(mailProgressed),
]
