import { setTimeout as sleep } from 'node:timers/promises'
import {
  createSweeper,
  type Logger,
  type Metrics,
  type SqlDatabase,
  type Tx,
  type Worker,
} from '@boxoffice/service-kit'
import type { CountProjected } from '../projection/consumers.ts'
import type { Archives } from './archives.ts'
import { createLeaveOut } from './left-out.ts'
import { createPageWriter } from './page-writer.ts'
import { pauseAfter } from './rebuild.ts'
import {
  holdRebuild,
  type LeasedRebuild,
  leaseRebuild,
  listOpenSources,
  type OpenSource,
  putFailure,
  releaseRebuild,
  switchTo,
} from './rebuild-repository.ts'

const PAGE = 200
const ERROR_MAX = 300

/**
 * Runs a rebuild: reads the archives page by page into the new generation, each page in one transaction with
 * its cursor, so that any instance can continue it. After the last page the generation is served. Pauses for
 * `pauseMs` between pages, to limit the load on the other services.
 */
export function createRebuilder(options: {
  db: SqlDatabase
  archives: Pick<Archives, 'read'>
  onSwitched(): Promise<void>
  countProjected: CountProjected
  metrics: Pick<Metrics, 'counter'>
  logger: Logger
  newId: () => string
  intervalMs: number
  pauseMs: number
}): Worker & { nudge(): void } {
  const { db, archives, logger } = options
  const lease = options.newId()
  const write = createPageWriter({ ...options, leaveOut: createLeaveOut(options) })
  let leave = new AbortController()

  async function takePage(rebuild: LeasedRebuild, { service, cursor, attempts }: OpenSource): Promise<void> {
    const { signal } = leave
    try {
      await write(rebuild, service, await archives.read(service, cursor, PAGE, signal))
      await sleep(options.pauseMs, undefined, { signal })
    } catch (error) {
      if (signal.aborted) return // the next process begins at the same page
      const pauseSeconds = pauseAfter(attempts)
      const about = { service, rebuildId: rebuild.rebuildId, attempts, waitMs: pauseSeconds * 1_000 }
      logger.warn({ err: error, ...about }, 'reading a page of an archive failed, will be retried')
      await putFailure(db, rebuild, { service, error: messageOf(error), pauseSeconds })
    }
  }

  async function finish(rebuild: LeasedRebuild): Promise<void> {
    const switched = await db.transact(async (tx: Tx) => {
      if (!(await holdRebuild(tx, rebuild))) return false
      await switchTo(tx, rebuild)
      return true
    })
    if (!switched) return
    logger.info({ ...rebuild }, 'rebuilt projection is served')
    await options.onSwitched()
  }

  async function sweep(): Promise<{ more: boolean }> {
    const rebuild = await leaseRebuild(db, lease)
    if (!rebuild) return { more: false }
    const open = await listOpenSources(db, rebuild.rebuildId)
    const [source] = open.filter(({ isDue }) => isDue)
    if (source) await takePage(rebuild, source)
    else if (open.length === 0) await finish(rebuild)
    return { more: source !== undefined }
  }

  const sweeper = createSweeper({ name: 'rebuilds', intervalMs: options.intervalMs, logger, sweep })
  return {
    ...sweeper,
    start() {
      leave = new AbortController()
      sweeper.start()
    },
    async stop() {
      leave.abort()
      await sweeper.stop()
      await releaseRebuild(db, lease).catch(() => {}) // the lease expires by itself
    },
  }
}

const messageOf = (error: unknown) => String((error as Error).message ?? error).slice(0, ERROR_MAX)

export type Rebuilder = ReturnType<typeof createRebuilder>
