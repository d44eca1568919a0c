import type { notificationsDeadLetterRoutes } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type Handlers } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { listArchivedLetters } from './archive-repository.ts'

interface Deps {
  db: Database
}

const cursor = defineCursor({ at: cursorFields.instant, id: cursorFields.id })

/** Lets operators look up dead letters, including those that have left their queue. */
export const deadLetterHandlers = ({ db }: Deps): Handlers<typeof notificationsDeadLetterRoutes> => ({
  async listDeadLetters({ query: { limit, cursor: from, ...kind } }) {
    const rows = await listArchivedLetters(db, kind, { limit, after: cursor.decode(from) })
    const { page, nextCursor } = cursor.pageOf(rows, limit, ({ sentAt, id }) => ({ at: sentAt, id }))
    return { status: 200, body: { deadLetters: page.map(({ id: _, ...letter }) => letter), nextCursor } }
  },
})
