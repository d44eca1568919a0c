import { EMF_ARRIVALS } from '../load/schedule.ts'
import { percentile, sum } from '../statistics.ts'
import { createBatches, createSimulation, createStation } from './simulation.ts'

/** Service times in milliseconds of one vCPU unless noted. */
export interface ServiceTimes {
  hold: { tickets: number; postgres: number; redis: number }
  purchase: {
    payments: number
    tickets: number
    notifications: number
    analytics: number
    events: number
    auth: number
    postgres: number
    redis: number
  }
  /** One commit of a batch of holds without its rows: the round trip and the disk. */
  commitMs: number
  gatewayMs: number
}

/** vCPUs of each service. */
export interface Fleet {
  tickets: number
  payments: number
  notifications: number
  analytics: number
  postgres: number
}
export type FleetPart = keyof Fleet

export interface OnSale {
  buyers: number
  /** Tickets for sale; Redis refuses the remaining buyers. */
  tickets: number
  /** Limit of the waiting room on buyers admitted per second; 0 for no limit. */
  admittedPerSecond: number
  /**
   * Number of independent counters that an event's general tickets are split into, each with its own row and
   * batches.
   */
  counters: number
}

export interface Outcome {
  holdP99Ms: number
  waitingRoomMaxMs: number
  /** Seconds from the first buyer to the last mail. */
  completedSeconds: number
  /** The longest wait for each service. */
  waitsMs: Readonly<Record<FleetPart | 'batches' | 'redis', number>>
  redisBusy: number
}

const THINKING_MS = { min: 30_000, max: 150_000 }
const CHECKOUTS_AT_ONCE = 40_000
/** Maximum number of holds in a batch. */
export const BATCH_MAX = 200
/** Concurrent batches of an event. */
export const IN_FLIGHT_MAX = 2
/** Maximum number of simulated buyers; above it, each represents a group that acts together. */
const SIMULATED_MAX = 50_000

/**
 * Simulates a sale: buyers arrive within seventeen seconds like EMF's visitors, hold a ticket, think, and
 * pay.
 */
export function simulateOnSale(sale: OnSale, fleet: Fleet, times: ServiceTimes): Outcome {
  const group = Math.max(1, Math.ceil(sale.buyers / SIMULATED_MAX))
  const simulation = createSimulation()
  const stations = createStations(simulation, { sale, fleet, times })
  const purchase = () => simulatePurchase(simulation, stations, times, group)
  const holdMs: number[] = []
  let left = sale.tickets

  const hold = (index: number) => {
    const beganMs = simulation.nowMs
    const done = () => void holdMs.push(simulation.nowMs - beganMs)
    stations.parts.tickets.serve(times.hold.tickets * group, () =>
      stations.redis.serve(times.hold.redis * group, () => {
        if (left <= 0) return done() // refused without a statement
        left -= group
        stations.batches[index % sale.counters]?.serve(group, () => {
          done()
          simulation.at(simulation.nowMs + thinkingMs(index, sale), purchase)
        })
      }),
    )
  }
  const arrivals = admittedArrivals(sale, group)
  for (const [index, { beginsMs }] of arrivals.entries()) simulation.at(beginsMs, () => hold(index))
  simulation.run()
  return {
    holdP99Ms: percentile(holdMs, 99),
    waitingRoomMaxMs: arrivals.reduce(
      (max, { beginsMs, arrivedMs }) => Math.max(max, beginsMs - arrivedMs),
      0,
    ),
    completedSeconds: simulation.nowMs / 1_000,
    waitsMs: longestWaits(stations),
    redisBusy: stations.redis.busyMs,
  }
}

type Simulation = ReturnType<typeof createSimulation>
type Stations = ReturnType<typeof createStations>

function createStations(
  simulation: Simulation,
  { sale, fleet, times }: { sale: OnSale; fleet: Fleet; times: ServiceTimes },
) {
  const station = (vcpus: number) => createStation(simulation, vcpus)
  const batchesOfCounter = () =>
    createBatches(simulation, {
      inFlightMax: IN_FLIGHT_MAX,
      batchMax: BATCH_MAX,
      batchMs: times.commitMs,
      itemMs: times.hold.postgres,
    })
  return {
    parts: {
      tickets: station(fleet.tickets),
      payments: station(fleet.payments),
      notifications: station(fleet.notifications),
      analytics: station(fleet.analytics),
      postgres: station(fleet.postgres),
    },
    redis: station(1), // an event's keys are in one slot, which one Redis thread serves
    batches: Array.from({ length: sale.counters }, batchesOfCounter),
  }
}

function simulatePurchase(
  simulation: Simulation,
  { parts }: Stations,
  { purchase: cost, gatewayMs }: ServiceTimes,
  group: number,
): void {
  const then = (part: FleetPart, ms: number, next: () => void) => parts[part].serve(ms * group, next)
  then('payments', cost.payments, () =>
    simulation.at(simulation.nowMs + gatewayMs, () =>
      then('tickets', cost.tickets, () =>
        then('postgres', cost.postgres, () =>
          then('notifications', cost.notifications, () => then('analytics', cost.analytics, () => {})),
        ),
      ),
    ),
  )
}

/** Spreads buyers by the golden ratio: evenly, and reproducibly. */
function thinkingMs(index: number, { tickets }: OnSale): number {
  const share = (index * 0.618_033_988_75) % 1
  const spreadMs = Math.max(THINKING_MS.max - THINKING_MS.min, (tickets / CHECKOUTS_AT_ONCE) * 60_000)
  return THINKING_MS.min + share * spreadMs
}

/** Returns when each group of buyers arrives, and when the waiting room admits it. */
function admittedArrivals(
  { buyers, admittedPerSecond }: OnSale,
  group: number,
): { arrivedMs: number; beginsMs: number }[] {
  const factor = buyers / sum(EMF_ARRIVALS)
  let admittedMs = 0
  return EMF_ARRIVALS.flatMap((arrivals, second) => {
    const groups = Math.round((arrivals * factor) / group)
    return Array.from({ length: groups }, (_, index) => {
      const arrivedMs = second * 1_000 + (index * 1_000) / groups
      if (admittedPerSecond <= 0) return { arrivedMs, beginsMs: arrivedMs }
      admittedMs = Math.max(arrivedMs, admittedMs + (group * 1_000) / admittedPerSecond)
      return { arrivedMs, beginsMs: admittedMs }
    })
  })
}

const longestWaits = ({ parts, redis, batches }: Stations): Outcome['waitsMs'] => ({
  tickets: parts.tickets.longestWaitMs,
  payments: parts.payments.longestWaitMs,
  notifications: parts.notifications.longestWaitMs,
  analytics: parts.analytics.longestWaitMs,
  postgres: parts.postgres.longestWaitMs,
  batches: Math.max(...batches.map(({ longestWaitMs }) => longestWaitMs)),
  redis: redis.longestWaitMs,
})

export const HOLD_P99_MS_MAX = 2_000
const WAIT_MS_MAX = {
  tickets: 1_000,
  payments: 5_000,
  notifications: 30_000,
  analytics: 60_000,
  postgres: 5_000,
} as const

export interface Plan {
  fleet: Fleet
  outcome: Outcome
  /**
   * The bottleneck that more tasks cannot relieve because it exists once per event; null if there is none.
   */
  bottleneck: 'batches' | 'redis' | null
}

/**
 * Finds the smallest fleet that keeps every wait within its limit, by growing the service with the longest
 * wait by a third until it does.
 */
export function planOnSale(sale: OnSale, times: ServiceTimes): Plan {
  const fleet: Fleet = { tickets: 1, payments: 1, notifications: 1, analytics: 1, postgres: 1 }
  for (;;) {
    const outcome = simulateOnSale(sale, fleet, times)
    const late = (Object.keys(WAIT_MS_MAX) as FleetPart[]).filter(
      (part) => outcome.waitsMs[part] > WAIT_MS_MAX[part],
    )
    if (late.length === 0) {
      const bottlenecks = (['batches', 'redis'] as const).filter(
        (part) => outcome.waitsMs[part] > HOLD_P99_MS_MAX,
      )
      const bottleneck = bottlenecks.toSorted((a, b) => outcome.waitsMs[b] - outcome.waitsMs[a])[0] ?? null
      return { fleet, outcome, bottleneck }
    }
    for (const part of late) fleet[part] = Math.ceil(fleet[part] * 1.34)
  }
}
