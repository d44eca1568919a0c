import { disputeClosed } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import type { Dependencies } from '../dependencies.ts'

/** What disputes mean for tickets. */
export const disputeSubscribers = ({ stops }: Pick<Dependencies, 'stops'>): readonly Subscriber[] => [
  on(disputeClosed, (tx, { payload: { disputeId, orderId, outcome }, aggregateVersion: version }) =>
    stops.takeDispute(tx, { disputeId, orderId, outcome, version }),
  ),
]
