import type { Sql } from '@boxoffice/service-kit'
import { type Leasing, leaseDue } from '../notifications/lease-repository.ts'
import type { SentBy } from '../preferences/preference.ts'
import type { ChannelRates } from './channel-rates.ts'
import type { Deliver } from './deliver.ts'

export interface LaneOptions {
  sql: Sql
  deliver: Deliver
  newId: () => string
  leaseMs: number
  pollMs: number
  rates: ChannelRates
  isStopping: () => boolean
  /** Called when a delivery has finished. */
  onFinished: () => void
}

/** One of so many notifications is the longest due, whatever its priority, so that none starves. */
const SHARE_OF_AGE = 10

/** A lane of notifications, bulk or not, with its own concurrency limit. */
export function createLane(
  options: LaneOptions,
  { bulk, concurrency }: { bulk: boolean; concurrency: number },
) {
  const { rates } = options
  const inProgress = new Set<Promise<void>>()
  let leasedTotal = 0
  /** More may be due than could be leased. */
  let isBehind = true
  let nextCheckMs = 0

  /** Leases due notifications up to the concurrency limit and starts their delivery. */
  async function fill(): Promise<void> {
    if (inProgress.size >= concurrency || options.isStopping()) return
    // Notifications become bulk only when composed, so a nudge about new ones need not check for them.
    if (bulk && performance.now() < nextCheckMs) return
    nextCheckMs = performance.now() + options.pollMs / 2
    await leaseUpTo(concurrency - inProgress.size)
  }

  /** Leases in one order over all channels; channels whose rate is used up are skipped. */
  async function leaseUpTo(limit: number): Promise<void> {
    let free = limit
    // If everything due fits, the order does not matter, and ordering by age is the cheaper statement.
    let byAge = isBehind ? tenthsWithin(leasedTotal, free) : free
    const exhausted = new Set<SentBy>()
    let isMore = true
    while (free > 0 && isMore) {
      const capacity = rates.capacity(concurrency, exhausted)
      if (capacity?.size === 0) break
      const [order, max] = byAge > 0 ? (['AGE', byAge] as const) : (['PRIORITY', free] as const)
      const counts = await lease({ order, limit: max, capacity })
      const leased = [...counts.values()].reduce((sum, count) => sum + count, 0)
      free -= leased
      if (order === 'AGE') byAge -= leased
      const usedUp = rates.usedUp(capacity, counts)
      for (const channel of usedUp) exhausted.add(channel)
      // If a full channel reduced the result, notifications of others may follow behind it.
      isMore = leased === max || usedUp.length > 0
    }
    isBehind = isMore || exhausted.size > 0
  }

  /** Leases notifications and starts their delivery. Returns their number by channel. */
  async function lease(
    what: Pick<Leasing, 'order' | 'limit' | 'capacity'>,
  ): Promise<ReadonlyMap<SentBy, number>> {
    const { sql, leaseMs, newId, deliver, isStopping } = options
    const leased = await leaseDue(sql, { ...what, bulk, lease: newId(), leaseMs })
    const counts = new Map<SentBy, number>()
    for (const notification of leased) {
      counts.set(notification.channel, (counts.get(notification.channel) ?? 0) + 1)
      const work = deliver(notification, isStopping).finally(() => {
        inProgress.delete(work)
        if (bulk) nextCheckMs = 0
        options.onFinished()
      })
      inProgress.add(work)
    }
    leasedTotal += leased.length
    rates.take(counts)
    return counts
  }

  return {
    fill,
    /** Resolves when all deliveries in progress have finished. */
    drain: async () => {
      await Promise.all(inProgress)
    },
  }
}

/** Returns how many of the next `limit` leases are a tenth one. */
const tenthsWithin = (leased: number, limit: number) =>
  Math.floor((leased + limit) / SHARE_OF_AGE) - Math.floor(leased / SHARE_OF_AGE)
