import { type Currency, cutToGraphemes, MoneySum } from '@boxoffice/contracts'
import { cellOf, timeAt } from '@boxoffice/service-kit'
import { stringify } from 'csv-stringify/sync'
import { z } from 'zod'
import { amountOf, type Line } from './figures.ts'

const NAME_MAX = 60
const columns = [
  'from',
  'ticketType',
  'issued',
  'revenue',
  'cancelled',
  'refunded',
  'checkedIn',
  'currency',
  'ticketTypeId',
] as const

/**
 * Writes sales as CSV (RFC 4180): a line per period and type, and one per period for other refunds. UTF-8
 * with a byte-order mark for spreadsheets, times in the event's zone, amounts in major units. Values that a
 * spreadsheet would run as formulas are turned into text.
 */
export function csvOf(
  lines: readonly Line[],
  { currency, timeZone }: { currency: Currency | null; timeZone: string },
): Buffer {
  const money = (minor: number) => z.encode(MoneySum, amountOf(minor)).toFixed(2)
  const rows = lines.map(
    (line): Record<(typeof columns)[number], string | number> => ({
      from: timeAt(new Date(line.from), timeZone),
      ticketType: cellOf(line.name ?? ''),
      issued: line.issued,
      revenue: money(line.grossMinor),
      cancelled: line.cancelled,
      refunded: money(line.refundedMinor),
      checkedIn: line.checkedIn,
      currency: currency ?? '',
      ticketTypeId: line.ticketTypeId ?? '',
    }),
  )
  const text = stringify(rows, {
    header: true,
    bom: true,
    columns: [...columns],
    record_delimiter: 'windows',
  })
  return Buffer.from(text)
}

/**
 * Returns a Content-Disposition header that names the file after its event: in ASCII, and as written (RFC
 * 6266).
 */
export function attachmentFor(event: { name: string; eventId: string }): string {
  const plain =
    wordsOf(event.name.normalize('NFKD').replace(/\p{M}/gu, ''), /[^A-Za-z0-9]+/g) || event.eventId
  const written = encodeURIComponent(`sales-${wordsOf(event.name, /[^\p{L}\p{M}\p{N}]+/gu)}.csv`)
  return `attachment; filename="sales-${plain}.csv"; filename*=UTF-8''${written}`
}

const wordsOf = (name: string, between: RegExp) =>
  cutToGraphemes(name.replace(between, '-').replace(/^-/, ''), NAME_MAX).replace(/-$/, '')
