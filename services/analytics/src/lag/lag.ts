import type { QueueName } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import { createSweeper, type Logger, type Metrics, type Worker } from '@boxoffice/service-kit'

const LOOK_MS = 2_000
const queues: readonly QueueName[] = ['analytics-queue', 'event-updates.fifo']

/** How far the projection is behind what the services have said. */
export interface Lag extends Worker {
  /** In seconds; null before the first look at the queues, and while nobody can look. */
  seconds(): number | null
  /** Messages of these times are in the projection now. */
  projected(newest: Date): void
  look(): Promise<void>
}

/**
 * An estimate of how old the oldest thing is that is not in the projection yet: 0 while both queues are empty; else the smaller of the
 * time since they were last seen empty (nothing in them is older) and the age of the newest message that was projected (queues are
 * nearly in order). What a producer has not published yet is not in it: its outbox has an age of its own.
 */
export function createLag(options: {
  queueDepth: Messaging['queueDepth']
  now: () => Date
  logger: Logger
  metrics: Pick<Metrics, 'measured'>
}): Lag {
  const { now } = options
  let look: { isEmpty: boolean } | null = null
  let emptyAt: Date | null = null
  let newestProjected: Date | null = null

  function seconds(): number | null {
    if (!look) return null
    if (look.isEmpty) return 0
    const since = [emptyAt, newestProjected].filter((at) => at !== null).map((at) => now().getTime() - at.getTime())
    return Math.max(0, Math.min(...since)) / 1_000
  }

  async function lookAtQueues(): Promise<void> {
    try {
      const depths = await Promise.all(queues.map((queue) => options.queueDepth(queue)))
      const isEmpty = depths.every((depth) => (depth?.visible ?? 0) + (depth?.inFlight ?? 0) === 0)
      // Nobody knows how long they were not when they are seen for the first time: at least since now.
      if (isEmpty || !emptyAt) emptyAt = now()
      look = { isEmpty }
    } catch (error) {
      look = null
      throw error
    }
  }

  options.metrics.measured(
    'projection_lag_seconds',
    'how far the projection is behind, NaN while that cannot be said',
    [],
    async () => [{ labels: {}, value: seconds() ?? Number.NaN }],
  )
  const sweeper = createSweeper({
    name: 'projection lag',
    intervalMs: LOOK_MS,
    logger: options.logger,
    async sweep() {
      await lookAtQueues()
      return { more: false }
    },
  })
  return {
    ...sweeper,
    seconds,
    projected(newest) {
      if (!newestProjected || newest > newestProjected) newestProjected = newest
    },
    look: lookAtQueues,
  }
}
