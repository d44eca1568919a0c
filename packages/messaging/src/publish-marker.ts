import type { Logger } from '@boxoffice/service-kit'
import type { Published } from './outbox-repository.ts'

/** Rows are marked this late, so that one statement marks many. */
const DELAY_MS = 500
const BATCH_MAX = 200

/**
 * Marks published messages, many rows in one statement. Messages that are not marked, because the process
 * dies or the database is down, are published again when their lease has expired.
 */
export function createPublishMarker(options: {
  mark(outcomes: readonly Published[]): Promise<void>
  logger: Logger
}) {
  const waiting: Published[] = []
  let timer: NodeJS.Timeout | undefined
  let marking: Promise<void> | null = null

  async function markAll(): Promise<void> {
    while (waiting.length > 0) {
      const outcomes = waiting.splice(0, BATCH_MAX)
      try {
        await options.mark(outcomes)
      } catch (error) {
        options.logger.warn(
          { err: error, messages: outcomes.length },
          'published messages were not marked, will be published again',
        )
      }
    }
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    marking ??= markAll().finally(() => {
      marking = null
    })
    await marking
  }

  return {
    add(outcomes: readonly Published[]): void {
      waiting.push(...outcomes)
      if (waiting.length >= BATCH_MAX) void flush()
      else timer ??= setTimeout(() => void flush(), DELAY_MS)
    },
    flush,
  }
}
