import { createSweeper, type Logger, type Policy, type Tx, type Worker } from '@boxoffice/service-kit'
import { leaseDue, type Order } from '../notifications/lease-repository.ts'
import type { SentBy } from '../preferences/preference.ts'
import type { Deliver } from './deliver.ts'
import { createPace, type Pace } from './pace.ts'

/** How many notifications are worked on at once: those of a size that comes every day, and those about very many tickets. */
export interface Lanes {
  concurrency: number
  bulkConcurrency: number
}

interface SenderOptions extends Lanes {
  sql: Tx
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
  readonly atWork: Set<Promise<void>>
  readonly lines: readonly Line[]
  /** It need not be looked at before. */
  lookAtMs: number
}

/** What waits in one order: everything of a lane, or what goes by one channel where some have rates of their own. */
interface Line {
  readonly channel: SentBy | null
  readonly pace: Pace | null
  taken: number
  /** There may be more due than places. */
  isBehind: boolean
}

/** Of so many places one goes to what has been due longest, whatever its priority: so nothing waits for ever. */
const SHARE_OF_AGE = 10

/**
 * Sends what is due, by priority: leases notifications as places become free (a slow one holds up none of the others), and no faster than
 * the rates of their channels, and works on each of them outside any transaction. What is about very many tickets has places of its own,
 * and takes none of the others. A process that dies leaves its leases to run out. Stopping lets what is at work end; what has not been
 * handed over by then is due again at once.
 */
export function createSender(options: SenderOptions): Worker & { nudge(): void } {
  const { sql, deliver, leaseMs } = options
  const paces = pacesOf(options.rates)
  const laneOf = (bulk: boolean, places: number): Lane => ({
    bulk,
    places,
    atWork: new Set(),
    lines: linesOf(options.rates, paces),
    lookAtMs: 0,
  })
  const lanes = [laneOf(false, options.concurrency), laneOf(true, options.bulkConcurrency)]
  let stopping = false
  let roomTimer: NodeJS.Timeout | undefined

  async function fill(lane: Lane): Promise<void> {
    const { bulk, places, atWork } = lane
    if (atWork.size >= places || stopping) return
    // Nothing is bulk from the beginning: whoever is told of new ones need not look there each time.
    if (bulk && performance.now() < lane.lookAtMs) return
    lane.lookAtMs = performance.now() + options.pollMs / 2
    for (const line of lane.lines) await fillFrom(line, lane)
  }

  async function fillFrom(line: Line, lane: Lane): Promise<void> {
    const { places, atWork } = lane
    const limit = Math.min(places - atWork.size, line.pace?.room() ?? places)
    if (limit <= 0) return
    // Where all that is due goes, in whichever order, the statement that asks for the oldest is the cheaper one.
    const byAge = line.isBehind ? tenthsWithin(line.taken, limit) : limit
    const aged = byAge > 0 ? await take(line, lane, { order: 'AGE', limit: byAge }) : 0
    const first = line.isBehind && aged < limit ? await take(line, lane, { order: 'PRIORITY', limit: limit - aged }) : 0
    line.isBehind = aged + first === limit
  }

  async function take(line: Line, lane: Lane, what: { order: Order; limit: number }): Promise<number> {
    const { bulk, atWork } = lane
    const leased = await leaseDue(sql, { ...what, bulk, channel: line.channel, lease: options.newId(), leaseMs })
    line.taken += leased.length
    line.pace?.take(leased.length)
    for (const notification of leased) {
      const work = deliver(notification, () => stopping).finally(() => {
        atWork.delete(work)
        if (bulk) lane.lookAtMs = 0
        sweeper.nudge()
      })
      atWork.add(work)
    }
    return leased.length
  }

  async function sweep(): Promise<{ more: boolean }> {
    for (const lane of lanes) await fill(lane)
    lookWhenThereIsRoom()
    return { more: false } // a place that becomes free asks again
  }

  /** A rate that is used up has room again before the next poll. */
  function lookWhenThereIsRoom(): void {
    clearTimeout(roomTimer)
    const waits = [...paces.values()].map((pace) => pace.waitMs()).filter((waitMs) => waitMs > 0)
    if (waits.length > 0 && !stopping) roomTimer = setTimeout(() => sweeper.nudge(), Math.min(...waits))
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
      clearTimeout(roomTimer)
      await sweeper.stop()
      await Promise.all(lanes.flatMap(({ atWork }) => [...atWork]))
    },
  }
}

const pacesOf = (rates: SenderOptions['rates']): ReadonlyMap<SentBy, Pace> =>
  new Map(Object.entries(rates).flatMap(([channel, rate]) => (rate ? [[channel as SentBy, createPace(rate)] as const] : [])))

/** One line where no channel has a rate: then one look finds whatever is due. */
function linesOf(rates: SenderOptions['rates'], paces: ReadonlyMap<SentBy, Pace>): Line[] {
  const channels = paces.size === 0 ? [null] : (Object.keys(rates) as SentBy[])
  return channels.map((channel) => ({ channel, pace: (channel && paces.get(channel)) ?? null, taken: 0, isBehind: true }))
}

/** How many of the next `limit` places are every tenth one. */
const tenthsWithin = (taken: number, limit: number) =>
  Math.floor((taken + limit) / SHARE_OF_AGE) - Math.floor(taken / SHARE_OF_AGE)
