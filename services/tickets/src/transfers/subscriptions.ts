import { userEmailVerified } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import type { Dependencies } from '../dependencies.ts'

/** Whoever confirms an address gets the tickets that wait for it. */
export const transferSubscribers = ({ transfers }: Pick<Dependencies, 'transfers'>): readonly Subscriber[] => [
  on(userEmailVerified, async (tx, { payload: { userId, email } }) => {
    await transfers.completeFor(tx, { userId, email })
  }),
]
