import type { FastifyInstance } from 'fastify'
import { stopTracing } from '../tracing/tracing.ts'
import type { Logger } from './logging.ts'
import type { Worker } from './worker.ts'

const STOP_LIMIT_MS = 25_000

/**
 * Serves and works until it is stopped: by SIGTERM, SIGINT, or the end of its supervisor. (The IPC channel
 * closes when that dies, however it died, so no service outlives it.) Then accepts nothing more, finishes
 * requests, stops workers in reverse order (the relay, first in the list, flushes last), closes the pools,
 * sends the last traces.
 */
export async function run(options: {
  app: FastifyInstance
  workers: readonly Worker[]
  config: { host: string; port: number }
  logger: Logger
  close(): Promise<void>
}): Promise<void> {
  const { app, workers, config, logger } = options
  let stopping = false
  const stop = async (why: string) => {
    if (stopping) return
    stopping = true
    logger.info({ why }, 'stopping')
    setTimeout(() => {
      logger.error('did not stop in time')
      process.exit(1)
    }, STOP_LIMIT_MS).unref()
    const [relay, ...others] = workers
    await Promise.all([app.close(), ...others.map((worker) => worker.stop())])
    await relay?.stop()
    await options.close()
    await stopTracing()
    logger.info('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  process.on('disconnect', () => void stop('the supervisor is gone'))

  await app.listen({ host: config.host, port: config.port })
  for (const worker of workers) worker.start()
  logger.info({ port: config.port }, 'ready')
  process.send?.('ready')
}
