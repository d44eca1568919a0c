import * as z from 'zod'
import { hasMoreThan } from './graphemes.ts'
import { tidyLine } from './tidy.ts'

// Labels of rows and seats in real halls: "A", "12", "Ä", "A-1", "Loge 3", "12/13", "Ряд 7", "ก".

export const SEAT_LABEL_MAX = 12
/** A character may be a letter with its marks; a ticket's code has room for so many bytes of a label. */
export const SEAT_LABEL_BYTES_MAX = 72

const LETTER = String.raw`[\p{L}\p{N}][\p{L}\p{N}\p{M}\u200c\u200d]*`
const LABEL = `${LETTER}(?:[ ./-]+${LETTER})*`
const LABELLED = new RegExp(`^${LABEL}$`, 'u')
const SEPARATORS = 'with a space, "-", "." or "/" between them'
const WRONG_LABEL = `must be 1 to ${SEAT_LABEL_MAX} letters and digits, ${SEPARATORS}`

/** The label of a row or seat, normalized. */
export const SeatLabel = z
  .string()
  .max(SEAT_LABEL_MAX * 20, { abort: true, error: WRONG_LABEL })
  .overwrite(labelOf)
  .check(({ value, issues }) => {
    if (!isLabel(value)) issues.push({ code: 'custom', input: value, message: WRONG_LABEL })
  })
  .meta({ examples: ['A', '12', 'Loge 3'] })

/** A label in answers and messages. */
export const ShownSeatLabel = z.string().max(SEAT_LABEL_BYTES_MAX)

/** Hyphens, dots and slashes of every kind and width become one: they look alike on a door. */
function labelOf(typed: string): string {
  if (PLAIN_LABEL.test(typed)) return typed
  return tidyLine(typed)
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/[\u2024\uff0e]/g, '.')
    .replace(/[\u2044\u2215\uff0f]/g, '/')
}
const PLAIN_LABEL = /^[A-Za-z0-9]{1,12}$/

function isLabel(label: string): boolean {
  if (PLAIN_LABEL.test(label)) return true
  return (
    LABELLED.test(label) &&
    !hasMoreThan(label, SEAT_LABEL_MAX) &&
    utf8.encode(label).length <= SEAT_LABEL_BYTES_MAX
  )
}
const utf8 = new TextEncoder()

/**
 * Returns a key that is equal for labels that look alike: "a-1" and "A‑1", "é" of one code point and of two.
 */
export function labelKey(label: string): string {
  if (PLAIN_LABEL.test(label)) return label.toLowerCase()
  const composed = label.normalize('NFKC').replace(/[\u200c\u200d]/g, '')
  return composed.toUpperCase().toLowerCase().normalize('NFKC') // upper case first: ß and SS, ς and Σ
}

// Hyphens separate zone, row and seat in a seat's id; a hyphen in a label becomes a character that no label
// has.
const inSeatId = (label: string) => label.replaceAll('-', '_')
const ID_LABEL = LABEL.replace('[ ./-]+', '[ ./_]+')

const WRONG_SEAT = 'must be a seat such as 1-A-12'

/** `"<zoneId>-<rowLabel>-<colLabel>"`, a label's `-` written `_`: `1-A-12`, `2-Loge 3-A_1`. */
export const SeatId = z
  .string()
  .max(SEAT_LABEL_MAX * 40, { abort: true, error: WRONG_SEAT })
  .overwrite((id) => (PLAIN_SEAT_ID.test(id) ? id : tidyLine(id)))
  .regex(new RegExp(`^[1-9]\\d{0,2}-${ID_LABEL}-${ID_LABEL}$`, 'u'), { abort: true, error: WRONG_SEAT })
  .refine((id) => PLAIN_SEAT_ID.test(id) || isSeat(seatOfId(id)), WRONG_SEAT)
  .brand<'SeatId'>()
export type SeatId = z.output<typeof SeatId>
const isSeat = (seat: Seat | null) => seat !== null && isLabel(seat.rowLabel) && isLabel(seat.colLabel)
const PLAIN_SEAT_ID = /^[1-9]\d{0,2}-[A-Za-z0-9]{1,12}-[A-Za-z0-9]{1,12}$/

/** A seat's position in the plan of its event. */
export const Seat = z.object({
  zoneId: z.int().positive(),
  rowLabel: ShownSeatLabel,
  colLabel: ShownSeatLabel,
})
export type Seat = z.output<typeof Seat>

/** A seat's id. */
export const seatIdOf = ({ zoneId, rowLabel, colLabel }: Seat): SeatId =>
  `${zoneId}-${inSeatId(rowLabel)}-${inSeatId(colLabel)}` as SeatId

/** Returns the seat of an id; null if it is not one. */
export function seatOfId(seatId: string): Seat | null {
  const [zoneId, rowLabel, colLabel, ...more] = seatId.split('-')
  if (!zoneId || !rowLabel || !colLabel || more.length > 0) return null
  return {
    zoneId: Number(zoneId),
    rowLabel: rowLabel.replaceAll('_', '-'),
    colLabel: colLabel.replaceAll('_', '-'),
  }
}
