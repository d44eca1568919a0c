import { disputeClosed } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import type { Stops } from './stops.ts'

interface Deps {
  stops: Stops
}

/** Applies disputes to tickets. */
export const disputeSubscribers = ({ stops }: Deps): readonly Subscriber[] => [
  on(disputeClosed, (tx, { payload: { disputeId, orderId, outcome }, aggregateVersion: version }) =>
    stops.applyDispute(tx, { disputeId, orderId, outcome, version }),
  ),
]
