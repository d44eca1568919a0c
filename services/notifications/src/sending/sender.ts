import { createSweeper, type Logger, type Worker } from '@boxoffice/service-kit'
import type { PrismaClient } from '../generated/prisma/client.ts'
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
    prisma: PrismaClient
    deliver: Deliver
    newId: () => string
    logger: Logger
    leaseMs: number
    pollMs: number
  },
): Worker & { nudge(): void } {
  const { prisma, deliver, leaseMs } = options
  const lanes = [
    { bulk: false, places: options.concurrency, atWork: new Set<Promise<void>>() },
    { bulk: true, places: options.bulkConcurrency, atWork: new Set<Promise<void>>() },
  ]
  let stopping = false

  async function fill({ bulk, places, atWork }: (typeof lanes)[number]): Promise<void> {
    const limit = places - atWork.size
    if (limit === 0 || stopping) return
    const leased = await leaseDue(prisma, { lease: options.newId(), bulk, limit, leaseMs })
    for (const notification of leased) {
      const work = deliver(notification, () => stopping).finally(() => {
        atWork.delete(work)
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
