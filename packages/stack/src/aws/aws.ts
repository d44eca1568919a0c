import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startFauxqs } from 'fauxqs'

/** SNS and SQS in one process. `endpoint` is the base URL of both. */
export interface Aws {
  endpoint: string
  stop(): Promise<void>
}

export interface AwsOptions {
  /** Port 0 takes a free one. */
  port: number
  /**
   * Address to listen on; 127.0.0.1 unless given. (The package listens everywhere: patches/ adds the choice.)
   */
  host?: string | undefined
  /** Where clients reach us, the base of stored queue URLs; the endpoint on 127.0.0.1 unless given. */
  url?: string | undefined
  /**
   * Folder of the SQLite database in which topics, queues and messages survive a SIGKILL; in memory, twice as
   * fast, without.
   */
  dataDir?: string | undefined
}

/** Serves SNS and SQS. `endpoint` is always on 127.0.0.1, for clients in this process's own network. */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const dataDir = options.dataDir && path.resolve(options.dataDir)
  if (dataDir) {
    await mkdir(dataDir, { recursive: true })
    moveQueues(path.join(dataDir, 'fauxqs.db'), options.url ?? `http://127.0.0.1:${options.port}`)
  }
  const server = await startFauxqs({
    port: options.port,
    listenHost: options.host ?? '127.0.0.1',
    logger: false,
    ...(dataDir && { dataDir }),
  })
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() }
}

/** Rewrites stored queue URLs, which clients call, to where this run is reached. */
function moveQueues(file: string, url: string): void {
  if (!existsSync(file)) return
  const database = new DatabaseSync(file)
  try {
    const tables = database.prepare("select 1 from sqlite_master where name = 'sqs_queues'").all()
    if (tables.length === 0) return
    database
      .prepare("update sqs_queues set url = ? || substr(url, instr(url, '/000000000000/'))")
      .run(new URL(url).origin)
  } finally {
    database.close()
  }
}
