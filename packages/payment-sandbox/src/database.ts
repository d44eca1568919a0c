import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SCHEMA_VERSION, schema } from './schema.ts'

/**
 * What may be asked of the database, inside a transaction or, for reads, outside one. Values stand for the
 * `?`, in order.
 */
export interface Tx {
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[]
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | null
  run(sql: string, ...values: SQLInputValue[]): void
}

export interface Database {
  read: Tx
  /**
   * All of `work` or, where it throws, nothing. What it returns is on the disk. `work` must not be
   * asynchronous.
   */
  transaction<T>(work: (tx: Tx) => T): T
  /**
   * The same, in one commit with what is asked in the same turn of the event loop: a commit waits for the
   * disk, and everything with it. Where `work` throws, nothing of it happens, and all of the others.
   */
  together<T>(work: (tx: Tx) => T): Promise<T>
  close(): void
}

/**
 * Open the SQLite file, with its tables made where it is new. A commit is synced to the disk before it
 * returns (`synchronous = full`), so that it survives SIGKILL and, as far as the disk tells the truth, a
 * power cut. Throws where the file is of another version of the schema.
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
        `${file} is of schema ${version}, this sandbox is of ${SCHEMA_VERSION}: start with a new file`,
      )
    connection.exec(`${schema}; pragma user_version = ${SCHEMA_VERSION}`)
  })
  return {
    read: tx,
    transaction,
    together: createTogether(connection, transaction),
    close: () => connection.close(),
  }
}

function createTogether(
  connection: DatabaseSync,
  transaction: Database['transaction'],
): Database['together'] {
  interface Waiting {
    /** Gives what is to be done once it is committed. */
    carryOut(tx: Tx): () => void
    reject(error: unknown): void
  }
  let waiting: Waiting[] = []

  function commit(): void {
    const all = waiting
    waiting = []
    try {
      const settle = transaction((tx) => all.map(({ carryOut }) => carryOut(tx)))
      for (const done of settle) done()
    } catch (error) {
      for (const { reject } of all) reject(error)
    }
  }

  return (work) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(commit)
      waiting.push({
        reject,
        carryOut: (tx) => {
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
