import type { Attendee } from '@boxoffice/contracts'
import { stringify } from 'csv-stringify/sync'
import { seatIdOf } from '../seating/plan.ts'

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
] as const

/**
 * Attendees as lines of a spreadsheet (RFC 4180): UTF-8 with the mark by which spreadsheets know it, times in UTC. What would
 * be a formula is made text. `first`: with the mark and the names of the columns.
 */
export function csvOf(attendees: readonly Attendee[], { first }: { first: boolean }): Buffer {
  const text = stringify(attendees.map(rowOf), {
    header: first,
    bom: first,
    columns: [...columns],
    record_delimiter: 'windows',
    escape_formulas: true,
  })
  return Buffer.from(text)
}

const rowOf = ({ seat, checkedInAt, createdAt, ...attendee }: Attendee): Record<(typeof columns)[number], string> => ({
  ...attendee,
  seat: seat ? seatIdOf(seat) : '',
  section: attendee.section ?? '',
  row: seat?.rowLabel ?? '',
  number: seat?.colLabel ?? '',
  checkedInAt: checkedInAt?.toISOString() ?? '',
  gate: attendee.gate ?? '',
  createdAt: createdAt.toISOString(),
})

/** A file to keep, named for its event: in letters that every system takes, and as it is written (RFC 6266). */
export function attachmentFor(event: { name: string; eventId: string }): string {
  const plain = wordsOf(event.name.normalize('NFKD').replace(/\p{M}/gu, ''), /[^A-Za-z0-9]+/g) || event.eventId
  const written = encodeURIComponent(`attendees-${wordsOf(event.name, /[^\p{L}\p{M}\p{N}]+/gu)}.csv`)
  return `attachment; filename="attendees-${plain}.csv"; filename*=UTF-8''${written}`
}

const wordsOf = (name: string, between: RegExp) =>
  [...name.replace(between, '-').replace(/^-/, '')].slice(0, NAME_MAX).join('').replace(/-$/, '')
