import type { Metrics, Sql } from '@boxoffice/service-kit'
import type { CheckInTicket } from './check-in/check-in.ts'
import { countLiveReservations } from './reservations/expiry-repository.ts'
import type { Reserve } from './reservations/reserve.ts'

/** Counts the results of `reserve`: by outcome, refusals by their code. */
export function countHolds(metrics: Metrics, reserve: Reserve): Reserve {
  const holds = metrics.counter('holds_total', 'requests to hold tickets, by outcome', ['outcome'])
  return async (request) => {
    const result = await reserve(request)
    holds.inc({ outcome: result.outcome === 'refused' ? result.error : result.outcome })
    return result
  }
}

/** Counts the results of check-ins: by outcome, refusals by their code. */
export function countCheckIns(metrics: Metrics, checkIn: CheckInTicket): CheckInTicket {
  const checkIns = metrics.counter('check_ins_total', 'codes shown at the door, by outcome', ['outcome'])
  return async (shown) => {
    const result = await checkIn(shown)
    checkIns.inc({ outcome: result.outcome === 'refused' ? result.error : result.outcome })
    return result
  }
}

/** Measures at each scrape how many reservations hold places. */
export function measureReservations(metrics: Metrics, db: Sql): void {
  metrics.measured('reservations_live', 'reservations that hold places, by status', ['status'], async () => {
    const rows = await countLiveReservations(db)
    const counts = new Map(rows.map(({ status, count }) => [status, count]))
    return ['ACTIVE', 'PAYING'].map((status) => ({ labels: { status }, value: counts.get(status) ?? 0 }))
  })
}
