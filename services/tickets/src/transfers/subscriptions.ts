import { userEmailVerified } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'

/**
 * Confirmed addresses were published to this queue before tickets were claimed by a secret; remaining
 * messages are ignored.
 */
export const transferSubscribers: readonly Subscriber[] = [on(userEmailVerified, async () => {})]
