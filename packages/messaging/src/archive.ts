import type { ArchiveRoutes, TopicName } from '@boxoffice/contracts'
import {
  cursorFields,
  type Database,
  defineCursor,
  type Foundation,
  type Handlers,
  isTransient,
  isUnavailable,
  mountRoutes,
  type PositionOf,
} from '@boxoffice/service-kit'
import { z } from 'zod'

/** An archive is as long as the history of its service. */
const COUNT_MAX_MS = 3_000
const tables = ['outbox', 'message_archive'] as const
const archiveCursor = defineCursor({ table: z.enum(tables), messageId: cursorFields.id })
type Position = PositionOf<typeof archiveCursor>

interface Row {
  messageId: string
  body: Record<string, unknown>
}

const BEGINNING: Position = { table: 'outbox', messageId: '00000000-0000-0000-0000-000000000000' }

/**
 * Mount `/internal/archive` of a service: what it has said on a topic, page by page, whether it is published
 * yet or not, without what is secret. First the outbox, then the archive, each by the ids of its messages:
 * what is moved from one to the other meanwhile is seen in either, or in both. So whoever begins to read
 * after a commit reads what it wrote.
 */
export function mountArchive(
  app: Parameters<typeof mountRoutes>[0],
  routes: ArchiveRoutes,
  deps: Pick<Foundation, 'authenticate' | 'idempotency'> & { db: Database },
): void {
  mountRoutes(app, routes, archiveHandlers(deps.db), deps)
}

function archiveHandlers(db: Database): Handlers<ArchiveRoutes> {
  return {
    async listArchived({ query: { topic, limit, cursor } }) {
      const from = archiveCursor.decode(cursor) ?? BEGINNING
      const total = cursor === undefined ? await countMessages(db, topic) : null
      const rows = await listMessages(db, topic, from, limit)
      const next = nextPosition(from, rows, limit)
      return {
        status: 200,
        body: {
          messages: rows.map(({ body }) => body),
          total,
          nextCursor: next && archiveCursor.encode(next),
        },
      }
    },
  }
}

/** After the last row of a page that is full, else the next table; null after the last page of the last. */
function nextPosition({ table }: Position, rows: readonly Row[], limit: number): Position | null {
  const last = rows.at(-1)
  if (last && rows.length === limit) return { table, messageId: last.messageId }
  return table === 'outbox' ? { ...BEGINNING, table: 'message_archive' } : null
}

const listMessages = (
  db: Database,
  topic: TopicName,
  { table, messageId }: Position,
  limit: number,
): Promise<Row[]> =>
  db.query<Row>(
    `select message_id as "messageId", body from ${table}
     where topic = $1 and message_id > $2::uuid ${table === 'outbox' ? 'and archivable' : ''} order by message_id limit $3`,
    [topic, messageId, limit],
  )

/**
 * Nearly: what moves while it is counted may be counted twice. Null where counting takes too long: nobody
 * should wait for it.
 */
async function countMessages(db: Database, topic: TopicName): Promise<number | null> {
  try {
    const [row] = await db.transact(async (tx) => {
      await tx.query(`set local statement_timeout = ${COUNT_MAX_MS}`)
      return tx.query<{ total: number }>(
        `select (select count(*) from outbox where topic = $1 and archivable)::int
           + (select count(*) from message_archive where topic = $1)::int as total`,
        [topic],
      )
    })
    return row?.total ?? 0
  } catch (error) {
    if (isTransient(error) && !isUnavailable(error)) return null
    throw error
  }
}
