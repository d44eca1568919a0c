import type { Logger } from '@boxoffice/service-kit'
import type { Published } from './outbox-repository.ts'

/**
 * What was published is marked so late: others that are published meanwhile are marked in the same statement.
 */
const SETTLE_MS = 500
const SETTLE_MAX = 200

/**
 * Marks what was published, many rows in one statement. What is not marked, because the process dies or the
 * database is down, is published again when its lease has run out.
 */
export function createSettler(options: {
  settle(outcomes: readonly Published[]): Promise<void>
  logger: Logger
}) {
  const waiting: Published[] = []
  let timer: NodeJS.Timeout | undefined
  let settling: Promise<void> | null = null

  async function settleAll(): Promise<void> {
    while (waiting.length > 0) {
      const outcomes = waiting.splice(0, SETTLE_MAX)
      try {
        await options.settle(outcomes)
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
    settling ??= settleAll().finally(() => {
      settling = null
    })
    await settling
  }

  return {
    add(outcomes: readonly Published[]): void {
      waiting.push(...outcomes)
      if (waiting.length >= SETTLE_MAX) void flush()
      else timer ??= setTimeout(() => void flush(), SETTLE_MS)
    },
    flush,
  }
}
