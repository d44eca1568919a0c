import { setTimeout as sleep } from 'node:timers/promises'
import { createSweeper, type Logger, type SqlDatabase, type Worker } from '@boxoffice/service-kit'
import { type Emptied, emptyRetired } from './emptying-repository.ts'

const LOOK_MS = 30_000
/** Other instances may read a generation for some seconds after the switch, and finish their reads. */
const KEPT_SECONDS = 60
const BATCH = 2_000
const PAUSE_MS = 100

/** Empties retired generations, a batch at a time. */
export function createEmptying({ db, logger }: { db: SqlDatabase; logger: Logger }): Worker {
  let from: Emptied | null = null
  return createSweeper({
    name: 'retired generations',
    intervalMs: LOOK_MS,
    logger,
    async sweep() {
      from = await db.transact((tx) => emptyRetired(tx, { keptSeconds: KEPT_SECONDS, batch: BATCH, from }))
      if (from) await sleep(PAUSE_MS)
      return { more: from !== null }
    },
  })
}
