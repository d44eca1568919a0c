import type { Message, MessageDefinition } from '@boxoffice/contracts'
import type { SqlDatabase, Tx } from '@boxoffice/service-kit'
import type { CountProjected } from '../projection/consumers.ts'
import { nothingTouched, project } from '../projection/project.ts'
import type { ArchivePage } from './archives.ts'
import { type LeaveOut, readable } from './left-out.ts'
import type { Source } from './rebuild.ts'
import { holdRebuild, type LeasedRebuild, putPage } from './rebuild-repository.ts'

/** PostgreSQL's codes for data that it will never accept: wrong type, constraint, too large. */
const refused = /^(22|23|54)...$/
const isRefused = (error: unknown) => refused.test(String((error as { code?: unknown }).code))

/** Writes a page of an archive for a rebuild, unless the rebuild has ended or another process has it. */
export function createPageWriter(options: {
  db: SqlDatabase
  leaveOut: LeaveOut
  countProjected: CountProjected
}) {
  const { db, leaveOut } = options

  /** Returns false if the rebuild is another process's now, or has ended. */
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
   * Writes each message in its own transaction, which locks little; repetitions after an interruption change
   * nothing.
   */
  async function writeOneByOne(
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

  /** Writes the page and its cursor in one transaction, without messages that PostgreSQL refuses. */
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
      await writeOneByOne(rebuild, service, read)
      await holding(rebuild, end)
    }
  }
}
