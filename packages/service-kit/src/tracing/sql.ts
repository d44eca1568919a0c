import { AsyncLocalStorage } from 'node:async_hooks'
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_QUERY_SUMMARY,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_SYSTEM_NAME,
  DB_SYSTEM_NAME_VALUE_POSTGRESQL,
} from '@opentelemetry/semantic-conventions'
import type pg from 'pg'
import { type Attributes, type EndSpan, startDetail } from './spans.ts'
import { findTracer } from './tracing.ts'

const TEXT_MAX = 1_000
const SUMMARIES_MAX = 1_000
const summaries = new Map<string, string>()

type Query = (...args: unknown[]) => unknown
type Callback = (error: unknown, ...rest: unknown[]) => void

/** Adds a span for every statement of a pool within a recorded one. */
export function traceStatements(pool: pg.Pool): void {
  pool.on('connect', traceClient)
  const connect = pool.connect as Query
  // A statement that waited for a connection is sent by the caller that released it; it keeps the trace of
  // its own caller, or none.
  pool.connect = ((callback?: Callback) =>
    connect.call(
      pool,
      callback && findTracer() ? AsyncLocalStorage.bind(callback) : callback,
    )) as typeof pool.connect
}

function traceClient(client: pg.PoolClient): void {
  const query = client.query as Query
  const { database } = client as { database?: string }
  // Named parameters instead of rest ones: without a trace a statement costs one check.
  client.query = ((statement: unknown, values: unknown, callback: unknown) => {
    const end = startDetail(() => describeStatement(statement, database))
    return end
      ? endWith(end, query, client, [statement, values, callback])
      : query.call(client, statement, values, callback)
  }) as typeof client.query
}

function describeStatement(
  statement: unknown,
  database: string | undefined,
): { name: string; attributes: Attributes } {
  const text =
    typeof statement === 'string' ? statement : ((statement as { text?: string } | null)?.text ?? '')
  const name = summaryOf(text)
  return {
    name,
    attributes: {
      [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_POSTGRESQL,
      [ATTR_DB_NAMESPACE]: database ?? '',
      [ATTR_DB_QUERY_SUMMARY]: name,
      [ATTR_DB_QUERY_TEXT]: text.replace(/\s+/g, ' ').trim().slice(0, TEXT_MAX),
    },
  }
}

/** Sends a statement and ends its span with the result: a promise, a callback, or an exception. */
function endWith(end: EndSpan, query: Query, client: pg.PoolClient, args: readonly unknown[]): unknown {
  const endingSpan =
    (callback: Callback): Callback =>
    (error, ...rest) => {
      end(error)
      callback(error, ...rest)
    }
  let answer: unknown
  try {
    answer = query.apply(
      client,
      args.map((argument) => (typeof argument === 'function' ? endingSpan(argument as Callback) : argument)),
    )
  } catch (error) {
    end(error)
    throw error
  }
  if (answer instanceof Promise) answer.then(() => end(), end)
  else if (!args.some((argument) => typeof argument === 'function')) end()
  return answer
}

/** Returns what a statement does to which table, such as `insert outbox`; of several, the first change. */
export function summaryOf(text: string): string {
  const known = summaries.get(text)
  if (known) return known
  const summary = summarise(text)
  if (summaries.size < SUMMARIES_MAX) summaries.set(text, summary)
  return summary
}

function summarise(text: string): string {
  const verb = text.trim().split(/\s/, 1)[0]?.toLowerCase() ?? ''
  const changed = text.match(/\b(insert into|(?<!for |do )update|delete from)\s+("?[\w."]+)/i)
  if (changed) return `${changed[1]?.split(' ')[0]?.toLowerCase()} ${tableOf(changed[2])}`
  if (verb !== 'select' && verb !== 'with') return verb || 'statement'
  // Names defined by a `with` are no tables: the first table inside is used.
  const read = (verb === 'with' ? text : withoutInner(text)).match(/\bfrom\s+("?[\w."]+)/i)
  return read ? `select ${tableOf(read[1])}` : 'select'
}

/** Without parentheses: other statements, and functions whose syntax uses `from`. */
function withoutInner(text: string): string {
  const shorter = text.replace(/\([^()]*\)/g, ' ')
  return shorter === text ? text : withoutInner(shorter)
}

const tableOf = (name = '') => name.replaceAll('"', '').replace(/^public\./, '')
