import {
  createSteadyRate,
  createSweeper,
  type Logger,
  type Policy,
  type Sql,
  type SteadyRate,
  type Worker,
} from '@boxoffice/service-kit'
import { type Capacity, type Leasing, leaseDue } from '../notifications/lease-repository.ts'
import type { SentBy } from '../preferences/preference.ts'
import type { Deliver } from './deliver.ts'

/**
 * How many notifications are worked on at once: those of a size that comes every day, and those about very
 * many tickets.
 */
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
  /** By channel: how many may go in a second, where that is bounded. */
  rates: Readonly<Record<SentBy, Policy['ratePerSecond']>>
}

/** What has places of its own. */
interface Lane {
  readonly bulk: boolean
  readonly places: number
  readonly inProgress: Set<Promise<void>>
  taken: number
  /** There may be more due than may go. */
  isBehind: boolean
  /** It need not be looked at before. */
  lookAtMs: number
}

/**
 * Of so many places one goes to what has been due longest, whatever its priority: so nothing waits for ever.
 */
const SHARE_OF_AGE = 10

/**
 * Sends what is due, by priority: leases notifications as places become free (a slow one holds up none of the
 * others), and no faster than the rates of their channels, and works on each of them outside any transaction.
 * What is about very many tickets has places of its own, and takes none of the others. A process that dies
 * leaves its leases to run out. Stopping lets what is at work end; what has not been handed over by then is
 * due again at once.
 */
export function createSender(options: SenderOptions): Worker & { nudge(): void } {
  const { sql, deliver, leaseMs } = options
  const paces = pacesOf(options.rates)
  const laneOf = (bulk: boolean, places: number): Lane => ({
    bulk,
    places,
    inProgress: new Set(),
    taken: 0,
    isBehind: true,
    lookAtMs: 0,
  })
  const lanes = [laneOf(false, options.concurrency), laneOf(true, options.bulkConcurrency)]
  let stopping = false
  let capacityTimer: NodeJS.Timeout | undefined

  async function fill(lane: Lane): Promise<void> {
    const { bulk, places, inProgress } = lane
    if (inProgress.size >= places || stopping) return
    // Nothing is bulk from the beginning: whoever is told of new ones need not look there each time.
    if (bulk && performance.now() < lane.lookAtMs) return
    lane.lookAtMs = performance.now() + options.pollMs / 2
    await take(lane)
  }

  /**
   * Whatever may go, in one order over all channels: one whose rate is used up is passed over, and takes no
   * places.
   */
  async function take(lane: Lane): Promise<void> {
    let free = lane.places - lane.inProgress.size
    // Where all that is due goes, in whichever order, the statement that asks for the oldest is the cheaper
    // one.
    let byAge = lane.isBehind ? tenthsWithin(lane.taken, free) : free
    const closed = new Set<SentBy>()
    let isMore = true
    while (free > 0 && isMore) {
      const capacity = paces.size === 0 ? null : capacityBeside(closed, lane)
      if (capacity?.size === 0) break
      const [order, limit] = byAge > 0 ? (['AGE', byAge] as const) : (['PRIORITY', free] as const)
      const counts = await leaseFor(lane, { order, limit, capacity })
      const taken = [...counts.values()].reduce((sum, count) => sum + count, 0)
      free -= taken
      if (order === 'AGE') byAge -= taken
      const filled = [...paces.keys()].filter(
        (channel) => (counts.get(channel) ?? 0) >= (capacity?.get(channel) ?? Infinity),
      )
      for (const channel of filled) closed.add(channel)
      // Where less was taken because a channel was full, those behind it have their turn.
      isMore = taken === limit || filled.length > 0
    }
    lane.isBehind = isMore || closed.size > 0
  }

  /** How many of each channel may go now. `closed` gets those whose rate is used up. */
  function capacityBeside(closed: Set<SentBy>, { places }: Lane): Capacity {
    const capacity = new Map<SentBy, number>()
    for (const channel of Object.keys(options.rates) as SentBy[]) {
      const room = closed.has(channel) ? 0 : (paces.get(channel)?.available() ?? places)
      if (room > 0) capacity.set(channel, room)
      else closed.add(channel)
    }
    return capacity
  }

  /** Leases some and begins with their delivery. Answers how many they are of each channel. */
  async function leaseFor(
    lane: Lane,
    what: Pick<Leasing, 'order' | 'limit' | 'capacity'>,
  ): Promise<ReadonlyMap<SentBy, number>> {
    const { bulk, inProgress } = lane
    const leased = await leaseDue(sql, { ...what, bulk, lease: options.newId(), leaseMs })
    const counts = new Map<SentBy, number>()
    for (const notification of leased) {
      counts.set(notification.channel, (counts.get(notification.channel) ?? 0) + 1)
      const work = deliver(notification, () => stopping).finally(() => {
        inProgress.delete(work)
        if (bulk) lane.lookAtMs = 0
        sweeper.nudge()
      })
      inProgress.add(work)
    }
    lane.taken += leased.length
    for (const [channel, count] of counts) paces.get(channel)?.take(count)
    return counts
  }

  async function sweep(): Promise<{ more: boolean }> {
    for (const lane of lanes) await fill(lane)
    sweepWhenCapacityReturns()
    return { more: false } // a place that becomes free asks again
  }

  /** A rate that is used up has room again before the next poll. */
  function sweepWhenCapacityReturns(): void {
    clearTimeout(capacityTimer)
    const waits = [...paces.values()].map((pace) => pace.waitMs()).filter((waitMs) => waitMs > 0)
    if (waits.length > 0 && !stopping) capacityTimer = setTimeout(() => sweeper.nudge(), Math.min(...waits))
  }

  const sweeper = createSweeper({
    name: 'sender of notifications',
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
      await Promise.all(lanes.flatMap(({ inProgress }) => [...inProgress]))
    },
  }
}

const pacesOf = (rates: SenderOptions['rates']): ReadonlyMap<SentBy, SteadyRate> =>
  new Map(
    Object.entries(rates).flatMap(([channel, rate]) =>
      rate ? [[channel as SentBy, createSteadyRate(rate)] as const] : [],
    ),
  )

/** How many of the next `limit` places are every tenth one. */
const tenthsWithin = (taken: number, limit: number) =>
  Math.floor((taken + limit) / SHARE_OF_AGE) - Math.floor(taken / SHARE_OF_AGE)

export type Sender = ReturnType<typeof createSender>
