import type { Message, MessageDefinition } from '@boxoffice/contracts'
import { createSweeper, type Logger, type Metrics, sqlOfPool, type Tx, transact, type Worker } from '@boxoffice/service-kit'
import type pg from 'pg'
import { z } from 'zod'
import type { CountProjected } from '../projection/consumers.ts'
import { findProjected } from '../projection/facts.ts'
import { nothingTouched, project } from '../projection/project.ts'
import type { Archives } from './archives.ts'
import { pauseAfter, type Source } from './rebuild.ts'
import {
  holdRebuild,
  type LeasedRebuild,
  leaseRebuild,
  listOpenSources,
  type OpenSource,
  putFailure,
  putPage,
  releaseRebuild,
  switchTo,
} from './rebuild-repository.ts'

const PAGE = 200
const ERROR_MAX = 300

/**
 * Works on the rebuild that is at work: a page of an archive after the other goes into its generation, each in one transaction with
 * where the next one begins, so that any instance goes on where a dead one stopped. When all are read the generation is served.
 */
export function createRebuilder(options: {
  pool: pg.Pool
  archives: Pick<Archives, 'read'>
  onSwitched(): Promise<void>
  countProjected: CountProjected
  metrics: Pick<Metrics, 'counter'>
  logger: Logger
  newId: () => string
  intervalMs: number
}): Worker & { nudge(): void } {
  const { pool, archives, logger } = options
  const sql = sqlOfPool(pool)
  const lease = options.newId()
  const invalid = options.metrics.counter(
    'rebuild_invalid_messages_total',
    'archived messages that a rebuild left out because they are not of their schema',
    ['source'],
  )

  /** The messages of a page that the projection is made of. */
  function readable(source: Source, page: readonly Record<string, unknown>[]): Message<MessageDefinition>[] {
    return page.flatMap((envelope) => {
      const definition = findProjected(String(envelope.eventType))
      if (!definition) return []
      const read = z.safeDecode(definition.schema as z.ZodType, envelope as never)
      if (read.success) return [read.data as Message<MessageDefinition>]
      invalid.inc({ source })
      const { messageId, eventType } = envelope
      logger.error(
        { source, messageId, eventType, issue: read.error.issues[0] },
        'an archived message is not of its schema: left out',
      )
      return []
    })
  }

  async function takePage(rebuild: LeasedRebuild, { service, cursor, attempts }: OpenSource): Promise<void> {
    try {
      const { messages, total, nextCursor } = await archives.read(service, cursor, PAGE)
      const read = readable(service, messages)
      const written = await transact(pool, async (tx) => {
        if (!(await holdRebuild(tx, rebuild))) return false
        await project(tx, [rebuild.generation], read, nothingTouched())
        await putPage(tx, rebuild.rebuildId, { service, taken: messages.length, total, nextCursor })
        return true
      })
      if (written) for (const { eventType } of read) options.countProjected(eventType, 'archive')
    } catch (error) {
      logger.warn({ err: error, service, rebuildId: rebuild.rebuildId }, 'a page of an archive failed; it is tried again')
      const failure = { service, error: messageOf(error), pauseSeconds: pauseAfter(attempts) }
      await putFailure(sql, rebuild.rebuildId, failure)
    }
  }

  async function finish(rebuild: LeasedRebuild): Promise<void> {
    const switched = await transact(pool, async (tx: Tx) => {
      if (!(await holdRebuild(tx, rebuild))) return false
      await switchTo(tx, rebuild)
      return true
    })
    if (!switched) return
    logger.info({ ...rebuild }, 'the projection that was made anew is served')
    await options.onSwitched()
  }

  async function sweep(): Promise<{ more: boolean }> {
    const rebuild = await leaseRebuild(sql, lease)
    if (!rebuild) return { more: false }
    const open = await listOpenSources(sql, rebuild.rebuildId)
    const [source] = open.filter(({ isDue }) => isDue)
    if (source) await takePage(rebuild, source)
    else if (open.length === 0) await finish(rebuild)
    return { more: source !== undefined }
  }

  const sweeper = createSweeper({ name: 'rebuilds', intervalMs: options.intervalMs, logger, sweep })
  return {
    ...sweeper,
    async stop() {
      await sweeper.stop()
      await releaseRebuild(sql, lease).catch(() => {}) // it runs out by itself
    },
  }
}

const messageOf = (error: unknown) => String((error as Error).message ?? error).slice(0, ERROR_MAX)
