import { EMF_ARRIVALS } from '../load/schedule.ts'
import { percentile, sum } from '../statistics.ts'
import { createBatches, createSimulation, createStation } from './simulation.ts'

/** Milliseconds of one vCPU, but where it says otherwise. */
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
  /** One commit of a batch of holds, apart from its rows: the round trip and the disk. */
  commitMs: number
  gatewayMs: number
}

/** vCPUs of each. */
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
  /** How many get tickets; the others are refused by Redis. */
  tickets: number
  /** Where buyers are let in at most so many a second, whatever comes; none where it is 0. */
  admittedPerSecond: number
  /**
   * Into how many independent parts an event's general tickets are split, each with its own counter row and
   * batches.
   */
  lanes: number
}

export interface Outcome {
  holdP99Ms: number
  waitingRoomMaxMs: number
  /** From the first buyer until the last mail. */
  settledSeconds: number
  /** The longest wait before each. */
  waitsMs: Readonly<Record<FleetPart | 'batches' | 'redis', number>>
  redisBusy: number
}

const THINKING_MS = { min: 30_000, max: 150_000 }
const CHECKOUTS_AT_ONCE = 40_000
/** Holds in a batch at most. */
export const BATCH_MAX = 200
/** Batches of an event at once. */
export const IN_FLIGHT_MAX = 2
/** Simulated buyers at most: where there are more, each stands for several who do everything together. */
const SIMULATED_MAX = 50_000

/** Everybody comes as EMF's visitors did, in seventeen seconds; holds one ticket, thinks, and pays. */
export function simulateOnSale(sale: OnSale, fleet: Fleet, times: ServiceTimes): Outcome {
  const each = Math.max(1, Math.ceil(sale.buyers / SIMULATED_MAX))
  const simulation = createSimulation()
  const station = (vcpus: number) => createStation(simulation, vcpus)
  const stations = {
    tickets: station(fleet.tickets),
    payments: station(fleet.payments),
    notifications: station(fleet.notifications),
    analytics: station(fleet.analytics),
    postgres: station(fleet.postgres),
  }
  const redis = station(1) // an event's keys are in one slot, and Redis has one thread
  const batches = Array.from({ length: sale.lanes }, () =>
    createBatches(simulation, {
      inFlightMax: IN_FLIGHT_MAX,
      batchMax: BATCH_MAX,
      batchMs: times.commitMs,
      itemMs: times.hold.postgres,
    }),
  )
  const holdMs: number[] = []
  let [left, letInMs, waitingRoomMaxMs, count] = [sale.tickets, 0, 0, 0]

  const purchase = () => {
    const { purchase: cost } = times
    const then = (part: FleetPart, ms: number, next: () => void) => stations[part].serve(ms * each, next)
    then('payments', cost.payments, () =>
      simulation.at(simulation.nowMs + times.gatewayMs, () =>
        then('tickets', cost.tickets, () =>
          then('postgres', cost.postgres, () =>
            then('notifications', cost.notifications, () => then('analytics', cost.analytics, () => {})),
          ),
        ),
      ),
    )
  }
  const hold = (index: number) => {
    const beganMs = simulation.nowMs
    stations.tickets.serve(times.hold.tickets * each, () =>
      redis.serve(times.hold.redis * each, () => {
        if (left <= 0) return void holdMs.push(simulation.nowMs - beganMs) // refused: no statement
        left -= each
        batches[index % sale.lanes]?.serve(each, () => {
          holdMs.push(simulation.nowMs - beganMs)
          // Spread by the golden ratio: as even as chance, and the same every time.
          const share = (index * 0.618_033_988_75) % 1
          const spreadMs = Math.max(
            THINKING_MS.max - THINKING_MS.min,
            (sale.tickets / CHECKOUTS_AT_ONCE) * 60_000,
          )
          simulation.at(simulation.nowMs + THINKING_MS.min + share * spreadMs, purchase)
        })
      }),
    )
  }
  const factor = sale.buyers / sum(EMF_ARRIVALS)
  for (const [second, arrivals] of EMF_ARRIVALS.entries()) {
    const groups = Math.round((arrivals * factor) / each)
    for (let group = 0; group < groups; group++) {
      const cameMs = second * 1_000 + (group * 1_000) / groups
      if (sale.admittedPerSecond > 0)
        letInMs = Math.max(cameMs, letInMs + (each * 1_000) / sale.admittedPerSecond)
      const beginsMs = sale.admittedPerSecond > 0 ? letInMs : cameMs
      waitingRoomMaxMs = Math.max(waitingRoomMaxMs, beginsMs - cameMs)
      const index = count++
      simulation.at(beginsMs, () => hold(index))
    }
  }
  simulation.run()
  const waitsMs = {
    tickets: stations.tickets.longestWaitMs,
    payments: stations.payments.longestWaitMs,
    notifications: stations.notifications.longestWaitMs,
    analytics: stations.analytics.longestWaitMs,
    postgres: stations.postgres.longestWaitMs,
    batches: Math.max(...batches.map(({ longestWaitMs }) => longestWaitMs)),
    redis: redis.longestWaitMs,
  }
  return {
    holdP99Ms: percentile(holdMs, 99),
    waitingRoomMaxMs,
    settledSeconds: simulation.nowMs / 1_000,
    waitsMs,
    redisBusy: redis.busyMs,
  }
}

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
   * What no further task would help, because there is one of it for an event; null where nothing is in the
   * way.
   */
  wall: 'batches' | 'redis' | null
}

/**
 * The smallest fleet that keeps every wait within its bounds: what waits longest is made a third larger until
 * that is so.
 */
export function planOnSale(sale: OnSale, times: ServiceTimes): Plan {
  const fleet: Fleet = { tickets: 1, payments: 1, notifications: 1, analytics: 1, postgres: 1 }
  for (;;) {
    const outcome = simulateOnSale(sale, fleet, times)
    const late = (Object.keys(WAIT_MS_MAX) as FleetPart[]).filter(
      (part) => outcome.waitsMs[part] > WAIT_MS_MAX[part],
    )
    if (late.length === 0) {
      const walls = (['batches', 'redis'] as const).filter((part) => outcome.waitsMs[part] > HOLD_P99_MS_MAX)
      const wall = walls.toSorted((a, b) => outcome.waitsMs[b] - outcome.waitsMs[a])[0] ?? null
      return { fleet, outcome, wall }
    }
    for (const part of late) fleet[part] = Math.ceil(fleet[part] * 1.34)
  }
}
