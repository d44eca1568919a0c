import { createHash } from 'node:crypto'
import type pg from 'pg'

/** The most named statements: each costs memory in every session. */
const NAMES_MAX = 256
/** The most texts seen once: varying ones pass through here. */
const SEEN_MAX = 1_024
/**
 * The age after which a session plans its statements again. PostgreSQL keeps a plan until the table is
 * analyzed, and one made for an almost empty table (also for the check of a foreign key) scans all of it once
 * it has grown.
 */
const PLANS_MS_MAX = 10_000

type Query = (statement: unknown, values?: unknown, callback?: unknown) => unknown
interface Statement {
  readonly text?: string
  readonly name?: string
  readonly values?: unknown
}

/**
 * Lets the sessions of a pool prepare frequent statements of any caller: PostgreSQL parses them once per
 * session and plans them a few times. A text gets a name at its second use, so one with values written into
 * it gets none.
 */
export function prepareStatements(pool: pg.Pool, { now = Date.now }: { now?: () => number } = {}): void {
  const nameOf = createNaming()
  const sessions = new WeakMap<pg.PoolClient, { plannedAt: number; query: Query }>()
  pool.on('connect', (client) => {
    const query = client.query as Query
    sessions.set(client, { plannedAt: now(), query })
    client.query = ((statement: unknown, values: unknown, callback: unknown) =>
      query.call(client, withName(nameOf, statement, values), values, callback)) as typeof client.query
  })
  pool.on('acquire', (client) => {
    const session = sessions.get(client)
    if (!session || now() - session.plannedAt < PLANS_MS_MAX) return
    session.plannedAt = now()
    // Not awaited: the next statement is sent right behind it. A session that fails even here fails the
    // caller.
    session.query.call(client, 'discard plans', undefined, () => {})
  })
}

function withName(
  nameOf: (text: string) => string | undefined,
  statement: unknown,
  values: unknown,
): unknown {
  if (typeof statement === 'string') {
    const name = hasValues(values) ? nameOf(statement) : undefined
    return name ? { text: statement, name } : statement
  }
  const { text, name: given, values: own } = (statement ?? {}) as Statement
  if (text === undefined || given !== undefined || !hasValues(own ?? values)) return statement
  const name = nameOf(text)
  return name ? { ...(statement as object), name } : statement
}

// A text without a name may hold several statements, which cannot be prepared; `begin` and `commit` need not
// be.
const hasValues = (values: unknown) => Array.isArray(values) && values.length > 0

/** Names repeated texts, the first 256 of them; none with `*`, whose columns a migration may change. */
export function createNaming(): (text: string) => string | undefined {
  const names = new Map<string, string>()
  let seen = new Set<string>()
  return (text) => {
    const name = names.get(text)
    if (name !== undefined || names.size >= NAMES_MAX) return name
    if (!seen.has(text)) {
      if (seen.size >= SEEN_MAX) seen = new Set()
      seen.add(text)
      return undefined
    }
    if (EVERY_COLUMN.test(text)) return undefined
    const made = `s_${createHash('sha1').update(text).digest('hex').slice(0, 16)}`
    names.set(text, made)
    seen.delete(text)
    return made
  }
}

/**
 * «cached plan must not change result type»: sessions with such a statement would fail once its table has
 * another column.
 */
const EVERY_COLUMN = /\b(select|returning)\s+\*|\.\*/i
