import { createSweeper, type Logger, type Sql, type Worker } from '@boxoffice/service-kit'
import { createChannelRates, type RatesPerSecond } from './channel-rates.ts'
import type { Deliver } from './deliver.ts'
import { createLane } from './lane.ts'

/** Concurrency limits: for ordinary notifications, and for those about very many tickets (bulk). */
export interface Lanes {
  concurrency: number
  bulkConcurrency: number
}

interface SenderOptions extends Lanes {
  sql: Sql
  deliver: Deliver
  newId: () => string
  logger: Logger
  leaseMs: number
  pollMs: number
  rates: RatesPerSecond
}

/**
 * Sends due notifications by priority, within the concurrency limits of the lanes and the rates of the
 * channels, and outside any transaction. Bulk notifications have their own lane, so that slow ones delay no
 * others. Notifications of a process that died are due again when their leases expire. Stopping waits for
 * deliveries in progress; what is not handed over by then is due again at once.
 */
export function createSender(options: SenderOptions): Worker & { nudge(): void } {
  const rates = createChannelRates(options.rates)
  let stopping = false
  let capacityTimer: NodeJS.Timeout | undefined
  const laneOptions = {
    ...options,
    rates,
    isStopping: () => stopping,
    onFinished: () => sweeper.nudge(),
  }
  const lanes = [
    createLane(laneOptions, { bulk: false, concurrency: options.concurrency }),
    createLane(laneOptions, { bulk: true, concurrency: options.bulkConcurrency }),
  ]

  async function sweep(): Promise<{ more: boolean }> {
    for (const lane of lanes) await lane.fill()
    sweepWhenCapacityReturns()
    return { more: false } // a finished delivery sweeps again
  }

  /** Sweeps when a rate limit has capacity again, which can be before the next poll. */
  function sweepWhenCapacityReturns(): void {
    clearTimeout(capacityTimer)
    const waitMs = rates.waitMs()
    if (waitMs !== null && !stopping) capacityTimer = setTimeout(() => sweeper.nudge(), waitMs)
  }

  const sweeper = createSweeper({
    name: 'notification sender',
    intervalMs: options.pollMs,
    sweep,
    logger: options.logger,
  })
  return {
    ...sweeper,
    start() {
      stopping = false
      sweeper.start()
    },
    async stop() {
      stopping = true
      clearTimeout(capacityTimer)
      await sweeper.stop()
      await Promise.all(lanes.map((lane) => lane.drain()))
    },
  }
}

export type Sender = ReturnType<typeof createSender>
