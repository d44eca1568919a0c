import { disputeClosed } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import type { Stops } from './stops.ts'

interface Deps {
  stops: Stops
}

/** What disputes mean for tickets. */
export const disputeSubscribers = ({ stops }: Deps): readonly Subscriber[] => [
  on(disputeClosed, (tx, { payload: { disputeId, orderId, outcome }, aggregateVersion: version }) =>
    stops.takeDispute(tx, { disputeId, orderId, outcome, version }),
  ),
]
