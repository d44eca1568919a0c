import { Destination, type OpsRoutes } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type Handlers, type Sql } from '@boxoffice/service-kit'
import { figuresOfOutbox, listAll, listUnpublished } from './ops-outbox-repository.ts'
import type { Relay } from './relay.ts'
import { createRepublish, republishLimits } from './republish.ts'

const cursor = defineCursor({ at: cursorFields.instant, messageId: cursorFields.id, topic: Destination })

/** Lets operators see what a service publishes, and publish it again. */
export function outboxHandlers({
  db,
  relay,
}: {
  db: Sql
  relay: Pick<Relay, 'nudge'>
}): Pick<Handlers<OpsRoutes>, 'getOutbox' | 'listOutbox' | 'republishOutbox'> {
  return {
    getOutbox: async () => ({ status: 200, body: await figuresOfOutbox(db) }),
    async listOutbox({ query: { limit, cursor: from, state, ...filter } }) {
      const list = state === 'unpublished' ? listUnpublished : listAll
      const rows = await list(db, filter, { limit, after: cursor.decode(from) })
      const { page, nextCursor } = cursor.pageOf(rows, limit, (last) => last)
      return { status: 200, body: { messages: page.map(({ at: _, ...message }) => message), nextCursor } }
    },
    republishOutbox: createRepublish({ db, relay, ...republishLimits }),
  }
}
