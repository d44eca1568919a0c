import type { QueueName } from '@boxoffice/contracts'
import type { Messaging, QueueDepth } from '@boxoffice/messaging'
import { createSweeper, type Logger, type Metrics, type Worker } from '@boxoffice/service-kit'

const LOOK_MS = 2_000
export const projectedQueues = [
  'analytics-queue',
  'event-updates.fifo',
] as const satisfies readonly QueueName[]
export type ProjectedQueue = (typeof projectedQueues)[number]

/** How far the projection is behind the services. */
export interface Lag extends Worker {
  /** In seconds; null before the first reading of the queues, and while they cannot be read. */
  seconds(): number | null
  /** Records that a message of this time and queue is in the projection now. */
  projected(queue: ProjectedQueue, at: Date): void
}

/** The state of one queue. */
interface Seen {
  /** Null if the queue could not be read or does not exist. */
  isEmpty: boolean | null
  readonly firstAt: Date
  emptyAt: Date | null
}

/**
 * Estimates the age of the oldest message that is not in the projection yet, the larger of both queues'. For
 * an empty queue it is 0; else the smaller of the time since the queue was last seen empty (nothing in it is
 * older) and the age of the last message projected from it (queues are nearly in order). If this process
 * knows neither, the time since its first reading. Messages not published yet are not included: the
 * producer's outbox has its own age.
 */
export function createLagEstimate(now: () => Date) {
  const seen = new Map<ProjectedQueue, Seen>()
  const newest = new Map<ProjectedQueue, Date>()

  function behind(queue: ProjectedQueue): number | null {
    const { isEmpty = null, firstAt, emptyAt } = seen.get(queue) ?? {}
    if (isEmpty === null || !firstAt) return null
    if (isEmpty) return 0
    const known = [emptyAt, newest.get(queue)].flatMap((at) => (at ? [at.getTime()] : []))
    const since = known.length > 0 ? Math.max(...known) : firstAt.getTime()
    return Math.max(0, now().getTime() - since) / 1_000
  }

  return {
    seconds(): number | null {
      const each = projectedQueues.map(behind)
      return each.some((seconds) => seconds === null) ? null : Math.max(...each.map(Number))
    },
    /** Records a reading of a queue; null if it could not be read. */
    saw(queue: ProjectedQueue, depth: QueueDepth | null): void {
      const { firstAt = now(), emptyAt = null } = seen.get(queue) ?? {}
      const isEmpty = depth && depth.visible + depth.inFlight === 0
      seen.set(queue, { isEmpty, firstAt, emptyAt: isEmpty ? now() : emptyAt })
    },
    projected(queue: ProjectedQueue, at: Date): void {
      const last = newest.get(queue)
      if (!last || at > last) newest.set(queue, at)
    },
  }
}

export function createLag(options: {
  queueDepth: Messaging['queueDepth']
  now: () => Date
  logger: Logger
  metrics: Pick<Metrics, 'measured'>
}): Lag {
  const { seconds, saw, projected } = createLagEstimate(options.now)
  options.metrics.measured(
    'projection_lag_seconds',
    'how far the projection is behind, NaN while unknown',
    [],
    async () => [{ labels: {}, value: seconds() ?? Number.NaN }],
  )
  async function look(queue: ProjectedQueue): Promise<void> {
    try {
      saw(queue, await options.queueDepth(queue))
    } catch (error) {
      saw(queue, null)
      throw error
    }
  }
  const sweeper = createSweeper({
    name: 'projection lag',
    intervalMs: LOOK_MS,
    logger: options.logger,
    async sweep() {
      await Promise.all(projectedQueues.map(look))
      return { more: false }
    },
  })
  return { ...sweeper, seconds, projected }
}
