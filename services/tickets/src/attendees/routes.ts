import type { Attendee, ticketsHoldersRoutes, ticketsRoutes } from '@boxoffice/contracts'
import type { SqlDatabase } from '@boxoffice/service-kit'
import { cursorFields, defineCursor, type Handlers, type Sql, streamedFile } from '@boxoffice/service-kit'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { getOwnEvent } from '../event-replicas/own-event.ts'
import type { EventReplica } from '../event-replicas/replica.ts'
import {
  type AttendeePosition,
  listAttendees,
  listHolders,
  type StoredAttendee,
} from './attendee-repository.ts'
import { attachmentFor, csvOf } from './csv.ts'

interface Deps {
  db: SqlDatabase
  findEventReplica: FindEventReplica
}

const CSV_PAGE = 1_000
const attendees = defineCursor({ createdAt: cursorFields.instant, ticketId: cursorFields.id })
const holders = defineCursor({ userId: cursorFields.id })

export function attendeeHandlers(deps: Deps): Handlers<Pick<typeof ticketsRoutes, 'listAttendees'>> {
  const sql = deps.db
  return {
    listAttendees: async ({ query: { eventId, format, limit, cursor }, principal }) => {
      const event = await getOwnEvent(deps.findEventReplica, eventId, principal.userId)
      if (format === 'csv') {
        const headers = { 'content-disposition': attachmentFor(event), 'cache-control': 'private, no-store' }
        return { status: 200, body: streamedFile(csvParts(sql, event)), headers }
      }
      const after = attendees.decode(cursor)
      const rows = await listAttendees(sql, eventId, limit + 1, after)
      const { page, nextCursor } = attendees.pageOf(rows, limit, (last) => last)
      return { status: 200, body: { attendees: page.map(attendeeView), nextCursor } }
    },
  }
}

export function holderHandlers(deps: Deps): Handlers<typeof ticketsHoldersRoutes> {
  const sql = deps.db
  return {
    listHolders: async ({ params: { eventId }, query: { limit, cursor } }) => {
      const after = holders.decode(cursor)
      const rows = await listHolders(sql, eventId, limit + 1, after?.userId ?? null)
      const { page, nextCursor } = holders.pageOf(rows, limit, (last) => last)
      return { status: 200, body: { holders: page, nextCursor } }
    },
  }
}

type Exported = Pick<EventReplica, 'eventId' | 'timeZone'>

/** Streams all attendees page by page: an event may have a million. */
async function* csvParts(sql: Sql, { eventId, timeZone }: Exported): AsyncGenerator<Uint8Array> {
  let after: AttendeePosition | null = null
  do {
    const rows: StoredAttendee[] = await listAttendees(sql, eventId, CSV_PAGE, after)
    yield csvOf(rows.map(attendeeView), { first: after === null, timeZone })
    after = rows.length === CSV_PAGE ? (rows.at(-1) ?? null) : null
  } while (after)
}

const attendeeView = ({
  seat,
  section,
  checkedInAt,
  gate,
  stoppedAt,
  stopReason,
  stopNote,
  ...attendee
}: StoredAttendee): Attendee => ({
  ...attendee,
  ...(seat && { seat }),
  ...(section !== null && { section }),
  ...(checkedInAt && { checkedInAt }),
  ...(gate !== null && { gate }),
  ...(stoppedAt && stopReason && { stoppedAt, stopReason }),
  ...(stopNote !== null && { stopNote }),
})
