import { AsyncLocalStorage } from 'node:async_hooks'
import type { Destination } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** A message as it stands in the outbox, to be published. */
export interface Outgoing {
  readonly messageId: string
  readonly topic: Destination
  readonly body: string
  readonly attributes: Record<string, string>
  /** Of messages that are kept in order among themselves. */
  readonly group: string | null
  readonly attempts: number
  /** Under which it is ours to publish. */
  readonly lease: string
}

/** What a transaction has written into the outbox so far. */
export interface Written {
  /** Under which its rows are leased from the beginning: by whoever publishes them from memory after the commit. */
  readonly lease: string
  readonly leaseMs: number
  readonly messages: Outgoing[]
  /** Something was written that is not published from memory. */
  isMoreLeft: boolean
}

const storage = new AsyncLocalStorage<Written | null>()

/** What the transaction that is at work collects; null where nobody publishes from memory. */
export const currentWritten = (): Written | null => storage.getStore() ?? null

/** Run a transaction, from before it begins until after its commit, so that what it writes into the outbox is known afterwards. */
export const collecting = <R>(written: Written | null, work: () => Promise<R>): Promise<R> => storage.run(written, work)

/**
 * Run `work` under a savepoint: where it rejects, or `keep` says no to its result, all that it did is undone, also what it wrote into the
 * outbox. The only way to undo a part of a transaction that publishes: what is published from memory must be what was committed.
 */
export async function underSavepoint<R>(tx: Tx, work: () => Promise<R>, keep: (result: R) => boolean = () => true): Promise<R> {
  const written = currentWritten()
  const before = written?.messages.length ?? 0
  const undo = async () => {
    await tx.query('rollback to savepoint undoable')
    written?.messages.splice(before)
  }
  await tx.query('savepoint undoable')
  try {
    const result = await work()
    if (!keep(result)) await undo()
    return result
  } catch (error) {
    await undo()
    throw error
  }
}
