import type { EventId, SeatId } from '@boxoffice/contracts'

/** A seat of a plan; `index` is its position in plan order, from 0. */
export interface PlanSeat {
  readonly seatId: SeatId
  readonly index: number
  readonly zoneId: number
  readonly rowLabel: string
  readonly accessible: boolean
}

/** A row of adjacent seats. */
export interface PlanRow {
  readonly zoneId: number
  readonly rowLabel: string
  readonly seats: readonly PlanSeat[]
}

/** The seats of an event; they never change. */
export interface Plan {
  readonly eventId: EventId
  readonly planVersion: number
  /** In plan order. */
  readonly seats: readonly PlanSeat[]
  /** In plan order: the front row of a zone first. */
  readonly rows: readonly PlanRow[]
  find(seatId: SeatId): PlanSeat | null
}

/** Builds a plan from seats in plan order. */
export function buildPlan(eventId: EventId, planVersion: number, seats: readonly PlanSeat[]): Plan {
  const rows: (PlanRow & { seats: PlanSeat[] })[] = []
  for (const seat of seats) {
    const last = rows.at(-1)
    if (last?.zoneId === seat.zoneId && last.rowLabel === seat.rowLabel) last.seats.push(seat)
    else rows.push({ zoneId: seat.zoneId, rowLabel: seat.rowLabel, seats: [seat] })
  }
  const byId = new Map(seats.map((seat) => [seat.seatId, seat]))
  return { eventId, planVersion, seats, rows, find: (seatId) => byId.get(seatId) ?? null }
}

/** Returns the indexes of seats; throws if one is not of this plan. */
export function numbersOf(plan: Plan, seatIds: readonly SeatId[]): number[] {
  return seatIds.map((seatId) => {
    const seat = plan.find(seatId)
    if (!seat) throw new Error(`seat ${seatId} is not a seat of event ${plan.eventId}`)
    return seat.index
  })
}
