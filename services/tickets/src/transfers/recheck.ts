import { continueTrace, ServiceUnavailable, type Transact, type Tx } from '@boxoffice/service-kit'
import type { PassOn } from './pass-on.ts'
import type { Recipients } from './recipients.ts'
import { listUnchecked, markChecked } from './transfer-repository.ts'

const UNCHECKED_BATCH_MAX = 50

/**
 * Looks at the address of every new transfer once more: it may have been confirmed, and the message of that taken, after the
 * sender's request looked and before its transfer was there.
 */
export function createRecheckSweep(deps: {
  transact: Transact
  sql: Tx
  recipients: Recipients
  completeFor: PassOn['completeFor']
}) {
  return async () => {
    const unchecked = await listUnchecked(deps.sql, UNCHECKED_BATCH_MAX)
    for (const [email, transfers] of Map.groupBy(unchecked, ({ email }) => email)) {
      try {
        // Of several that wait for one address the first lends its trace.
        await continueTrace(transfers[0]?.traceparent, 'recheck transfer', async () => {
          const recipient = await deps.recipients.findConfirmed(email)
          if (recipient) await deps.transact((tx) => deps.completeFor(tx, recipient))
        })
      } catch (error) {
        if (error instanceof ServiceUnavailable) return { more: false } // the next sweep asks again
        throw error
      }
      await markChecked(
        deps.sql,
        transfers.map(({ transferId }) => transferId),
      )
    }
    return { more: unchecked.length === UNCHECKED_BATCH_MAX }
  }
}
