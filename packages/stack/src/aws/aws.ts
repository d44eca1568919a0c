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

/**
 * Serves SNS and SQS on 127.0.0.1. With `dataDir` every topic, queue and message is in SQLite and survives a
 * SIGKILL; without, all of it is in memory and twice as fast, for tests. Port 0 takes a free one. (The
 * package always listens on every interface: patches/ adds an option.)
 */
export async function startAws(options: { port: number; dataDir?: string }): Promise<Aws> {
  const dataDir = options.dataDir && path.resolve(options.dataDir)
  if (dataDir) {
    await mkdir(dataDir, { recursive: true })
    moveQueues(path.join(dataDir, 'fauxqs.db'), options.port)
  }
  const server = await startFauxqs({
    port: options.port,
    listenHost: '127.0.0.1',
    logger: false,
    ...(dataDir && { dataDir }),
  })
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() }
}

/** Queues keep the URL with which they were created, and clients call it: it must have the current port. */
function moveQueues(file: string, port: number): void {
  if (!existsSync(file)) return
  const database = new DatabaseSync(file)
  try {
    const tables = database.prepare("select 1 from sqlite_master where name = 'sqs_queues'").all()
    if (tables.length === 0) return
    database
      .prepare(
        "update sqs_queues set url = 'http://127.0.0.1:' || ? || substr(url, instr(url, '/000000000000/'))",
      )
      .run(String(port))
  } finally {
    database.close()
  }
}
