import * as z from 'zod'
import { EventId } from '../values/ids.ts'
import { plainName } from '../values/plain-name.ts'
import { labelKey, SeatLabel } from '../values/seat.ts'

export const SEATING_PLAN_BYTES_MAX = 16 * 1_048_576
export const SEATS_MAX = 100_000
export const ZONES_MAX = 200
const ROWS_MAX = 200
const ROW_SEATS_MAX = 500

const Coordinate = z.number().min(-1_000_000).max(1_000_000)

const PlannedSeat = z.strictObject({
  colLabel: SeatLabel,
  x: Coordinate.optional().meta({ description: 'where it is drawn, in units of the plan' }),
  y: Coordinate.optional(),
  accessible: z.boolean().optional(),
})

const Row = z.strictObject({
  rowLabel: SeatLabel,
  seats: z.array(PlannedSeat).min(1).max(ROW_SEATS_MAX),
})

const Zone = z.strictObject({
  zoneId: z.int().min(1).max(999),
  name: plainName(100),
  rows: z.array(Row).min(1).max(ROWS_MAX),
})

const Zones = z
  .array(Zone)
  .min(1)
  .max(ZONES_MAX)
  .refine((zones) => seatCountOf(zones) <= SEATS_MAX, `there may be ${SEATS_MAX} seats in all`)
export type Zones = z.output<typeof Zones>

/** Returns the number of seats in all zones. */
export const seatCountOf = (zones: readonly { rows: readonly { seats: readonly unknown[] }[] }[]): number =>
  zones.reduce((sum, { rows }) => rows.reduce((inZone, { seats }) => inZone + seats.length, sum), 0)

export const NewSeatingPlan = z.strictObject({ zones: Zones.check(refuseTwins) })

/**
 * Returns the seats of an event in the order of their numbers; a seat's id is
 * `"<zoneId>-<rowLabel>-<colLabel>"`.
 */
export const SeatingPlan = z.object({
  eventId: EventId,
  planVersion: z.int().positive().meta({ description: 'increases with every change' }),
  seatCount: z.int(),
  zones: Zones,
})
export type SeatingPlan = z.output<typeof SeatingPlan>

/**
 * Refuses zones with the same number, and rows of a zone or seats of a row whose labels look alike; reports
 * the later one.
 */
function refuseTwins({ value: zones, issues }: z.core.ParsePayload<Zones>) {
  const refuse = (path: (string | number)[], input: unknown) =>
    issues.push({ code: 'custom', input, path, message: 'is there twice' })
  for (const index of twinsIn(zones, ({ zoneId }) => zoneId)) refuse([index, 'zoneId'], zones[index])
  for (const [zone, { rows }] of zones.entries()) {
    for (const row of twinsIn(rows, ({ rowLabel }) => labelKey(rowLabel)))
      refuse([zone, 'rows', row, 'rowLabel'], rows[row])
    for (const [row, { seats }] of rows.entries()) {
      for (const seat of twinsIn(seats, ({ colLabel }) => labelKey(colLabel)))
        refuse([zone, 'rows', row, 'seats', seat, 'colLabel'], seats[seat])
    }
  }
}

/** Returns where a duplicate key appears. */
function twinsIn<T>(things: readonly T[], keyOf: (thing: T) => string | number): number[] {
  const seen = new Set<string | number>()
  return things.flatMap((thing, index) => (seen.size === seen.add(keyOf(thing)).size ? [index] : []))
}
