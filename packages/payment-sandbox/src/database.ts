import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SCHEMA_VERSION, schema } from './schema.ts'

/**
 * Query functions of the database, inside a transaction or, for reads, outside one. Values replace the `?`
 * in order.
 */
export interface Tx {
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[]
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | null
  run(sql: string, ...values: SQLInputValue[]): void
}

export interface Database {
  read: Tx
  /**
   * Runs `work` in a transaction: commits all of it, or nothing if it throws. The result is on disk when it
   * returns. `work` must be synchronous.
   */
  transaction<T>(work: (tx: Tx) => T): T
  /**
   * Runs `work` in one commit with everything requested in the same event loop iteration, because each
   * commit waits for the disk. If `work` throws, only its own changes are rolled back.
   */
  groupCommit<T>(work: (tx: Tx) => T): Promise<T>
  close(): void
}

/**
 * Opens the SQLite file and creates the tables in a new one. A commit is synced to disk before it returns
 * (`synchronous = full`), so that it survives SIGKILL and, if the disk reports truthfully, a power cut.
 * Throws if the file has another schema version.
 */
export function openDatabase(file: string): Database {
  const connection = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 5_000 })
  // Savepoints spill into temporary files, for which a read-only container has no folder: they stay in
  // memory.
  connection.exec('pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory')
  const tx = createTx(connection)

  const transaction = <T>(work: (tx: Tx) => T): T => {
    connection.exec('begin immediate')
    try {
      const result = work(tx)
      connection.exec('commit')
      return result
    } catch (error) {
      if (connection.isTransaction) connection.exec('rollback')
      throw error
    }
  }

  transaction(() => {
    const version = tx.get<{ user_version: number }>('pragma user_version')?.user_version
    if (version === SCHEMA_VERSION) return
    if (version !== 0)
      throw new Error(
        `${file} has schema version ${version}, but this sandbox needs ${SCHEMA_VERSION}: use a new file`,
      )
    connection.exec(`${schema}; pragma user_version = ${SCHEMA_VERSION}`)
  })
  return {
    read: tx,
    transaction,
    groupCommit: createGroupCommit(connection, transaction),
    close: () => connection.close(),
  }
}

function createGroupCommit(
  connection: DatabaseSync,
  transaction: Database['transaction'],
): Database['groupCommit'] {
  interface Waiting {
    /** Returns a callback to run after the commit. */
    execute(tx: Tx): () => void
    reject(error: unknown): void
  }
  let waiting: Waiting[] = []

  function commit(): void {
    const all = waiting
    waiting = []
    try {
      const completions = transaction((tx) => all.map(({ execute }) => execute(tx)))
      for (const done of completions) done()
    } catch (error) {
      for (const { reject } of all) reject(error)
    }
  }

  return (work) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(commit)
      waiting.push({
        reject,
        execute: (tx) => {
          connection.exec('savepoint one')
          try {
            const result = work(tx)
            connection.exec('release one')
            return () => resolve(result)
          } catch (error) {
            // Some errors of SQLite roll back the whole transaction, and with it this savepoint.
            if (!connection.isTransaction) throw error
            connection.exec('rollback to one; release one')
            return () => reject(error)
          }
        },
      })
    })
}

function createTx(connection: DatabaseSync): Tx {
  const prepared = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? connection.prepare(sql)
    prepared.set(sql, known)
    return known
  }
  return {
    all: <Row>(sql: string, ...values: SQLInputValue[]) => statement(sql).all(...values) as Row[],
    get: <Row>(sql: string, ...values: SQLInputValue[]) =>
      (statement(sql).get(...values) ?? null) as Row | null,
    run: (sql, ...values) => void statement(sql).run(...values),
  }
}
