import {
  type notificationsSuppressionRoutes,
  SUPPRESSION_NOT_FOUND,
  SuppressionCause,
} from '@boxoffice/contracts'
import { actorOf, cursorFields, defineCursor, type Handlers, refuse } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { addressHashOf } from './suppression.ts'
import { findSuppressions, liftSuppressions, listSuppressions } from './suppression-repository.ts'

interface Deps {
  db: Database
  now: () => Date
}

const cursor = defineCursor({
  since: cursorFields.instant,
  addressHash: cursorFields.hash,
  cause: SuppressionCause,
})

/** Lets operators look up suppressed addresses and remove one from the list. */
export const suppressionHandlers = ({ db, now }: Deps): Handlers<typeof notificationsSuppressionRoutes> => ({
  async findSuppressions({ body }) {
    const addressHash = addressHashOf(body.email)
    return { status: 200, body: { addressHash, suppressions: await findSuppressions(db, addressHash) } }
  },
  async listSuppressions({ query: { limit, cursor: from, ...filter } }) {
    const rows = await listSuppressions(db, filter, { limit, after: cursor.decode(from) })
    const { page, nextCursor } = cursor.pageOf(rows, limit, (suppression) => suppression)
    return { status: 200, body: { suppressions: page, nextCursor } }
  },
  async liftSuppressions({ params: { addressHash }, principal, log }) {
    if ((await liftSuppressions(db, addressHash, now())) === 0) {
      return refuse(SUPPRESSION_NOT_FOUND)
    }
    log.warn({ addressHash, by: actorOf(principal) }, 'mails are sent to an address again')
    return { status: 204, body: undefined }
  },
})
