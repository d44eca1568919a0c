import { type Attendee, cutToGraphemes, seatIdOf } from '@boxoffice/contracts'
import { cellOf, timeAt } from '@boxoffice/service-kit'
import { stringify } from 'csv-stringify/sync'

const NAME_MAX = 60

const columns = [
  'ticketNumber',
  'holderName',
  'ticketTypeName',
  'seat',
  'section',
  'row',
  'number',
  'status',
  'checkedInAt',
  'gate',
  'createdAt',
  'ticketId',
  'orderId',
  'stoppedAt',
  'stopReason',
  'stopNote',
] as const

/**
 * Writes attendees as CSV (RFC 4180): UTF-8 with a byte-order mark for spreadsheets, times in the event's
 * zone. Values that a spreadsheet would run as formulas are turned into text. `first`: includes the mark and
 * the header.
 */
export function csvOf(
  attendees: readonly Attendee[],
  { first, timeZone }: { first: boolean; timeZone: string },
): Buffer {
  const rows = attendees.map((attendee) => rowOf(attendee, timeZone))
  const text = stringify(rows, {
    header: first,
    bom: first,
    columns: [...columns],
    record_delimiter: 'windows',
  })
  return Buffer.from(text)
}

type Row = Record<(typeof columns)[number], string>

const rowOf = (
  { seat, checkedInAt, createdAt, stoppedAt, ...attendee }: Attendee,
  timeZone: string,
): Row => ({
  ...attendee,
  holderName: cellOf(attendee.holderName),
  ticketTypeName: cellOf(attendee.ticketTypeName),
  seat: seat ? cellOf(seatIdOf(seat)) : '',
  section: cellOf(attendee.section ?? ''),
  row: cellOf(seat?.rowLabel ?? ''),
  number: cellOf(seat?.colLabel ?? ''),
  checkedInAt: checkedInAt ? timeAt(checkedInAt, timeZone) : '',
  gate: cellOf(attendee.gate ?? ''),
  createdAt: timeAt(createdAt, timeZone),
  stoppedAt: stoppedAt ? timeAt(stoppedAt, timeZone) : '',
  stopReason: attendee.stopReason ?? '',
  stopNote: cellOf(attendee.stopNote ?? ''),
})

/**
 * Returns a Content-Disposition header that names the file after its event: in ASCII, and as written (RFC
 * 6266).
 */
export function attachmentFor(event: { name: string; eventId: string }): string {
  const plain =
    wordsOf(event.name.normalize('NFKD').replace(/\p{M}/gu, ''), /[^A-Za-z0-9]+/g) || event.eventId
  const written = encodeURIComponent(`attendees-${wordsOf(event.name, /[^\p{L}\p{M}\p{N}]+/gu)}.csv`)
  return `attachment; filename="attendees-${plain}.csv"; filename*=UTF-8''${written}`
}

const wordsOf = (name: string, between: RegExp) =>
  cutToGraphemes(name.replace(between, '-').replace(/^-/, ''), NAME_MAX).replace(/-$/, '')
