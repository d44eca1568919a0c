import { mailBounced, mailComplained, mailDelayed, mailProgressed, mailRejected } from '@boxoffice/contracts'
import { ignore, on, type Subscriber } from '@boxoffice/messaging'
import type { PrismaTx } from '../transaction.ts'
import type { Feedback } from './take-in.ts'

/** What each thing that SES tells becomes, once `translateSesEvent` has put it into words of ours. */
export const feedbackSubscribers = ({ bounced, rejected, delayed, complained }: Feedback): readonly Subscriber<PrismaTx>[] => [
  on(mailBounced, (tx: PrismaTx, { payload }) => bounced(tx, payload)),
  on(mailRejected, (tx: PrismaTx, { payload }) => rejected(tx, payload)),
  on(mailDelayed, (tx: PrismaTx, { payload }) => delayed(tx, payload)),
  on(mailComplained, (tx: PrismaTx, { payload }) => complained(tx, payload)),
  ignore(mailProgressed),
]
