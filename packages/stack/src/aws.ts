import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { startFauxqs } from 'fauxqs'

/** SNS and SQS in one process. `endpoint` is the base URL of both. */
export interface Aws {
  endpoint: string
  stop(): Promise<void>
}

/**
 * Serve SNS and SQS on 127.0.0.1. With `dataDir` every topic, queue and message is in SQLite and survives a SIGKILL; without,
 * all of it is in memory, twice as fast, for tests. Port 0 takes a free one. (The package always listens on every interface:
 * patches/ lets it be told which.)
 */
export async function startAws(options: { port: number; dataDir?: string }): Promise<Aws> {
  const dataDir = options.dataDir && path.resolve(options.dataDir)
  if (dataDir) await mkdir(dataDir, { recursive: true })
  const server = await startFauxqs({ port: options.port, listenHost: '127.0.0.1', logger: false, ...(dataDir && { dataDir }) })
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() }
}
