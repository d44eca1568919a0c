import { createSweeper, type Logger, type Worker } from '@boxoffice/service-kit'
import type { PrismaClient } from '../generated/prisma/client.ts'
import { leaseDue } from '../notifications/notification-repository.ts'
import type { Deliver } from './deliver.ts'

/**
 * Sends what is due: leases notifications as places become free (a slow one holds up none of the others) and works on each of
 * them outside any transaction. A process that dies leaves its leases to run out. Stopping lets what is at work end; what has
 * not been handed over by then is due again at once.
 */
export function createSender(options: {
  prisma: PrismaClient
  deliver: Deliver
  newId: () => string
  logger: Logger
  concurrency: number
  leaseMs: number
  pollMs: number
}): Worker & { nudge(): void } {
  const { prisma, deliver, concurrency } = options
  const atWork = new Set<Promise<void>>()
  let stopping = false

  async function sweep(): Promise<{ more: boolean }> {
    const places = concurrency - atWork.size
    if (places === 0 || stopping) return { more: false }
    const leased = await leaseDue(prisma, options.newId(), places, options.leaseMs)
    for (const notification of leased) {
      const work = deliver(notification, () => stopping).finally(() => {
        atWork.delete(work)
        sweeper.nudge()
      })
      atWork.add(work)
    }
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
      await Promise.all(atWork)
    },
  }
}
