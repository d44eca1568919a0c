import { createSweeper, type Logger, type Tx, type Worker } from '@boxoffice/service-kit'
import { leaseDue } from '../notifications/notification-repository.ts'
import type { Deliver } from './deliver.ts'

/** How many notifications are worked on at once: those of a size that comes every day, and those about very many tickets. */
export interface Lanes {
  concurrency: number
  bulkConcurrency: number
}

/**
 * Sends what is due: leases notifications as places become free (a slow one holds up none of the others) and works on each of
 * them outside any transaction. What is about very many tickets has places of its own, and takes none of the others. A process that
 * dies leaves its leases to run out. Stopping lets what is at work end; what has not been handed over by then is due again at once.
 */
export function createSender(
  options: Lanes & {
    sql: Tx
    deliver: Deliver
    newId: () => string
    logger: Logger
    leaseMs: number
    pollMs: number
  },
): Worker & { nudge(): void } {
  const { sql, deliver, leaseMs } = options
  const lanes = [
    { bulk: false, places: options.concurrency, atWork: new Set<Promise<void>>(), lookAtMs: 0 },
    { bulk: true, places: options.bulkConcurrency, atWork: new Set<Promise<void>>(), lookAtMs: 0 },
  ]
  let stopping = false

  async function fill(lane: (typeof lanes)[number]): Promise<void> {
    const { bulk, places, atWork } = lane
    const limit = places - atWork.size
    if (limit === 0 || stopping) return
    // Nothing is bulk from the beginning: whoever is told of new ones need not look there each time.
    if (bulk && performance.now() < lane.lookAtMs) return
    lane.lookAtMs = performance.now() + options.pollMs / 2
    const leased = await leaseDue(sql, { lease: options.newId(), bulk, limit, leaseMs })
    for (const notification of leased) {
      const work = deliver(notification, () => stopping).finally(() => {
        atWork.delete(work)
        if (bulk) lane.lookAtMs = 0
        sweeper.nudge()
      })
      atWork.add(work)
    }
  }

  async function sweep(): Promise<{ more: boolean }> {
    for (const lane of lanes) await fill(lane)
    return { more: false } // a place that becomes free asks again
  }

  const sweeper = createSweeper({ name: 'sender of notifications', intervalMs: options.pollMs, sweep, logger: options.logger })
  return {
    ...sweeper,
    start() {
      stopping = false
      sweeper.start()
    },
    async stop() {
      stopping = true
      await sweeper.stop()
      await Promise.all(lanes.flatMap(({ atWork }) => [...atWork]))
    },
  }
}
