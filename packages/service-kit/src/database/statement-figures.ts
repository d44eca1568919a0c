import type pg from 'pg'
import { findCorrelationId } from '../operations/context.ts'
import type { Metrics } from '../operations/metrics.ts'

type Query = (statement: unknown, values?: unknown, callback?: unknown) => unknown
type Callback = (error: unknown, result?: { rowCount?: number | null }) => void

/** An open transaction, or a statement outside of one. */
interface Open {
  statements: number
  rows: number
  /** Caused by a request or a message. */
  readonly isCaused: boolean
}

/**
 * Counts the transactions and statements of a pool. A statement outside a transaction counts as one. `poll`:
 * no request or message caused it, and it found nothing; all else is `work`.
 */
export function countStatements(pool: pg.Pool, metrics: Pick<Metrics, 'counter'>): void {
  const transactions = metrics.counter(
    'database_transactions_total',
    'transactions that PostgreSQL committed, by cause',
    ['kind'],
  )
  const statements = metrics.counter(
    'database_statements_total',
    'statements of committed transactions, by cause',
    ['kind'],
  )

  function count({ statements: sent, rows, isCaused }: Open): void {
    const kind = isCaused || rows > 0 ? 'work' : 'poll'
    transactions.inc({ kind })
    statements.inc({ kind }, sent)
  }

  pool.on('connect', (client) => {
    const query = client.query as Query
    let open: Open | null = null

    /** Called when the statement has completed. */
    function begin(verb: string): (rows: number) => void {
      if (verb === 'begin') open = { statements: 0, rows: 0, isCaused: findCorrelationId() !== undefined }
      const own = open ?? { statements: 0, rows: 0, isCaused: findCorrelationId() !== undefined }
      own.statements++
      const ends = open === null || verb === 'commit'
      if (verb === 'commit' || verb === 'rollback') open = null
      return (rows) => {
        own.rows += rows
        if (ends) count(own)
      }
    }

    client.query = ((statement: unknown, values: unknown, callback: unknown) => {
      const answered = begin(verbOf(statement))
      const finishing =
        (callback: Callback): Callback =>
        (error, result) => {
          answered(result?.rowCount ?? 0)
          callback(error, result)
        }
      const [first, second, third] = [statement, values, callback].map((argument) =>
        typeof argument === 'function' ? finishing(argument as Callback) : argument,
      )
      const answer = query.call(client, first, second, third)
      if (answer instanceof Promise) {
        answer.then(
          (result: { rowCount?: number | null }) => answered(result.rowCount ?? 0),
          () => answered(0),
        )
      }
      return answer
    }) as typeof client.query
  })
}

/** The first word in lower case; `rollback to savepoint`, which ends nothing, in full. */
function verbOf(statement: unknown): string {
  const text =
    typeof statement === 'string' ? statement : ((statement as { text?: string } | null)?.text ?? '')
  return text.length > 20 ? '' : text.trim().toLowerCase()
}
