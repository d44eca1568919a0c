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
 * Sales as lines of a spreadsheet (RFC 4180), one for each period and type, and one for what else went back
 * in a period: UTF-8 with the mark by which spreadsheets know it, times where the event is, amounts in major
 * units. What would be a formula is made text.
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
 * A file to keep, named for its event: in letters that every system takes, and as it is written (RFC 6266).
 */
export function attachmentFor(event: { name: string; eventId: string }): string {
  const plain =
    wordsOf(event.name.normalize('NFKD').replace(/\p{M}/gu, ''), /[^A-Za-z0-9]+/g) || event.eventId
  const written = encodeURIComponent(`sales-${wordsOf(event.name, /[^\p{L}\p{M}\p{N}]+/gu)}.csv`)
  return `attachment; filename="sales-${plain}.csv"; filename*=UTF-8''${written}`
}

const wordsOf = (name: string, between: RegExp) =>
  cutToGraphemes(name.replace(between, '-').replace(/^-/, ''), NAME_MAX).replace(/-$/, '')
