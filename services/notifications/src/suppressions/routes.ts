import { type notificationsSuppressionRoutes, SUPPRESSION_NOT_FOUND } from '@boxoffice/contracts'
import { actorOf, type Handlers, refuse } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { addressHashOf } from './suppression.ts'
import { liftSuppressions, listSuppressions } from './suppression-repository.ts'

interface Deps {
  db: Database
  now: () => Date
}

/** Lets operators look up suppressed addresses and remove one from the list. */
export const suppressionHandlers = ({ db, now }: Deps): Handlers<typeof notificationsSuppressionRoutes> => ({
  async findSuppressions({ body }) {
    const addressHash = addressHashOf(body.email)
    return { status: 200, body: { addressHash, suppressions: await listSuppressions(db, addressHash) } }
  },
  async liftSuppressions({ params: { addressHash }, principal, log }) {
    if ((await liftSuppressions(db, addressHash, now())) === 0) {
      return refuse(SUPPRESSION_NOT_FOUND)
    }
    log.warn({ addressHash, by: actorOf(principal) }, 'mails are sent to an address again')
    return { status: 204, body: undefined }
  },
})
