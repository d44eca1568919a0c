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

/** An archive can be as long as the history of its service. */
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
 * Mounts `/internal/archive` of a service: lists the messages of a topic, published or not, without secret
 * ones, page by page. It reads the outbox first, then the archive, each in the order of message ids. A
 * message that moves meanwhile appears in one of them or in both, so a reader that starts after a commit gets
 * what it wrote.
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

/**
 * Continues after the last row of a full page, else in the next table; null after the archive's last page.
 */
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
     where topic = $1 and message_id > $2::uuid ${table === 'outbox' ? 'and archivable' : ''}
     order by message_id limit $3`,
    [topic, messageId, limit],
  )

/**
 * Counts the messages of a topic, approximately: one that moves meanwhile may count twice. Null if counting
 * takes too long.
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
