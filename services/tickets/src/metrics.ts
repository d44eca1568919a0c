import type { Metrics, Sql } from '@boxoffice/service-kit'
import type { CheckInTicket } from './check-in/check-in.ts'
import { countLiveReservations } from './reservations/expiry-repository.ts'
import type { Reserve } from './reservations/reserve.ts'

/** What `reserve` answers is counted, by outcome; a refusal by its code. */
export function countHolds(metrics: Metrics, reserve: Reserve): Reserve {
  const holds = metrics.counter('holds_total', 'requests to hold tickets, by what became of them', [
    'outcome',
  ])
  return async (request) => {
    const result = await reserve(request)
    holds.inc({ outcome: result.outcome === 'refused' ? result.error : result.outcome })
    return result
  }
}

/** What the door answers is counted, by outcome; a refusal by its code. */
export function countCheckIns(metrics: Metrics, checkIn: CheckInTicket): CheckInTicket {
  const checkIns = metrics.counter('check_ins_total', 'codes shown at the door, by what became of them', [
    'outcome',
  ])
  return async (shown) => {
    const result = await checkIn(shown)
    checkIns.inc({ outcome: result.outcome === 'refused' ? result.error : result.outcome })
    return result
  }
}

/** How many reservations hold places at the moment, measured whenever somebody asks. */
export function measureReservations(metrics: Metrics, db: Sql): void {
  metrics.measured('reservations_live', 'reservations that hold places, by status', ['status'], async () => {
    const rows = await countLiveReservations(db)
    const counts = new Map(rows.map(({ status, count }) => [status, count]))
    return ['ACTIVE', 'PAYING'].map((status) => ({ labels: { status }, value: counts.get(status) ?? 0 }))
  })
}
