import { userEmailVerified } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'

/**
 * Until tickets were claimed by a secret this queue was told of confirmed addresses: what is left of that
 * there means nothing.
 */
export const transferSubscribers: readonly Subscriber[] = [on(userEmailVerified, async () => {})]
