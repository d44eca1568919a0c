import type { Message, MessageDefinition } from '@boxoffice/contracts'
import type { SqlDatabase, Tx } from '@boxoffice/service-kit'
import type { CountProjected } from '../projection/consumers.ts'
import { nothingTouched, project } from '../projection/project.ts'
import type { ArchivePage } from './archives.ts'
import { type LeaveOut, readable } from './left-out.ts'
import type { Source } from './rebuild.ts'
import { holdRebuild, type LeasedRebuild, putPage } from './rebuild-repository.ts'

/** What PostgreSQL says of data it will never take: not of its type, against a rule, too large. */
const refused = /^(22|23|54)...$/
const isRefused = (error: unknown) => refused.test(String((error as { code?: unknown }).code))

/** Writes a page of an archive for a rebuild, unless that has ended or another process has it by now. */
export function createPageWriter(options: {
  db: SqlDatabase
  leaveOut: LeaveOut
  countProjected: CountProjected
}) {
  const { db, leaveOut } = options

  /** False where the rebuild is not ours any more, or has ended. */
  const holding = (rebuild: LeasedRebuild, work: (tx: Tx) => Promise<unknown>): Promise<boolean> =>
    db.transact(async (tx) => {
      if (!(await holdRebuild(tx, rebuild))) return false
      await work(tx)
      return true
    })

  const take = (tx: Tx, { generation }: LeasedRebuild, messages: readonly Message<MessageDefinition>[]) =>
    project(tx, [generation], messages, nothingTouched())

  function count(messages: readonly Message<MessageDefinition>[]): void {
    for (const { eventType } of messages) options.countProjected(eventType, 'archive')
  }

  /**
   * Each in a transaction of its own, locking little; that some are told again when this is cut short changes
   * nothing.
   */
  async function takeOneByOne(
    rebuild: LeasedRebuild,
    service: Source,
    messages: readonly Message<MessageDefinition>[],
  ) {
    for (const message of messages) {
      try {
        if (await holding(rebuild, (tx) => take(tx, rebuild, [message]))) count([message])
      } catch (error) {
        if (!isRefused(error)) throw error
        leaveOut(service, message, { err: error })
      }
    }
  }

  /**
   * The whole page in one transaction with where the next one begins; what PostgreSQL refuses of it is left
   * out.
   */
  return async function write(rebuild: LeasedRebuild, service: Source, page: ArchivePage): Promise<void> {
    const { messages, total, nextCursor } = page
    const read = readable(service, messages, leaveOut)
    const end = (tx: Tx) =>
      putPage(tx, rebuild.rebuildId, { service, taken: messages.length, total, nextCursor })
    try {
      const written = await holding(rebuild, async (tx) => {
        await take(tx, rebuild, read)
        await end(tx)
      })
      if (written) count(read)
    } catch (error) {
      if (!isRefused(error)) throw error
      await takeOneByOne(rebuild, service, read)
      await holding(rebuild, end)
    }
  }
}
