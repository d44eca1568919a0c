import Table from 'cli-table3'
import pc from 'picocolors'
import prettyMs from 'pretty-ms'

export type Paint = 'red' | 'green' | 'yellow' | 'dim' | 'bold'
export interface Column<Row> {
  readonly title: string
  readonly right?: true
  text(row: Row): string | number | null | undefined
  paint?(row: Row): Paint | undefined
}

/** For values that are unknown or absent. */
const NOTHING = '–'
const frame = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
  ),
)

/**
 * Renders rows under dim titles; numbers are aligned to the right. Values from outside lose control
 * characters.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  colours: boolean,
): string {
  const paints = pc.createColors(colours)
  const table = new Table({
    head: columns.map(({ title }) => paints.dim(title)),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
    chars: { ...frame, middle: '   ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  })
  for (const row of rows) {
    table.push(
      columns.map(({ text, paint }) => {
        const cell = printable(String(text(row) ?? NOTHING))
        const name = paint?.(row)
        return name ? paints[name](cell) : cell
      }),
    )
  }
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}

/** Replaces control characters, which must not reach the terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?')

/** Renders how long ago a time was, in its largest unit: `12s`, `3m`, `2h`, `4d`. */
export const ageOf = (at: Date, now: Date): string => durationOf(now.getTime() - at.getTime())
export const durationOf = (ms: number): string =>
  prettyMs(Math.max(0, Math.floor(ms / 1_000) * 1_000), { compact: true })

/** Renders a time in UTC, to the second: `2026-11-29 18:30:05`. */
export const timeOf = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ')
