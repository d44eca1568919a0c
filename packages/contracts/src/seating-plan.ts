import { z } from 'zod'
import { EventId } from './ids.ts'
import { line } from './text.ts'

export const SEATING_PLAN_BYTES_MAX = 16 * 1_048_576
export const SEATS_MAX = 100_000
export const ZONES_MAX = 200
const ROWS_MAX = 200
const ROW_SEATS_MAX = 500

const Label = z.string().regex(/^[A-Za-z0-9]{1,8}$/, 'must be 1 to 8 letters and digits')
const Coordinate = z.number().min(-1_000_000).max(1_000_000)

const PlannedSeat = z.strictObject({
  colLabel: Label,
  x: Coordinate.optional().meta({ description: 'where it is drawn, in units of the plan' }),
  y: Coordinate.optional(),
  accessible: z.boolean().optional(),
})

const Row = z.strictObject({
  rowLabel: Label,
  seats: z.array(PlannedSeat).min(1).max(ROW_SEATS_MAX).check(unique('colLabel')),
})

const Zone = z.strictObject({
  zoneId: z.int().min(1).max(999),
  name: line(100),
  rows: z.array(Row).min(1).max(ROWS_MAX).check(unique('rowLabel')),
})

const Zones = z
  .array(Zone)
  .min(1)
  .max(ZONES_MAX)
  .check(unique('zoneId'))
  .refine((zones) => seatCountOf(zones) <= SEATS_MAX, `there may be ${SEATS_MAX} seats in all`)
export type Zones = z.output<typeof Zones>

/** How many seats the zones have together. */
export const seatCountOf = (zones: readonly { rows: readonly { seats: readonly unknown[] }[] }[]): number =>
  zones.reduce((sum, { rows }) => rows.reduce((inZone, { seats }) => inZone + seats.length, sum), 0)

export const NewSeatingPlan = z.strictObject({ zones: Zones })

/** The seats of an event, in the order in which they are numbered; a seat's id is `"<zoneId>-<rowLabel>-<colLabel>"`. */
export const SeatingPlan = z.object({
  eventId: EventId,
  planVersion: z.int().positive().meta({ description: 'grows with every change' }),
  seatCount: z.int(),
  zones: Zones,
})
export type SeatingPlan = z.output<typeof SeatingPlan>

/** Refuses a list in which two items have the same value under `key`, naming the later one. */
function unique<K extends string>(key: K) {
  return ({ value: items, issues }: z.core.ParsePayload<Record<K, string | number>[]>) => {
    const seen = new Set<string | number>()
    for (const [index, item] of items.entries()) {
      if (seen.has(item[key])) issues.push({ code: 'custom', input: item, path: [index, key], message: 'is there twice' })
      seen.add(item[key])
    }
  }
}
