import { availableParallelism, loadavg } from 'node:os'
import pc from 'picocolors'
import { findViolations } from '../invariants/invariants.ts'
import type { Observed } from '../invariants/observed.ts'
import type { Figures } from './load/loops.ts'
import type { LoadResult } from './load/run-load.ts'

/** Prints progress to stderr and results to stdout. */
export const step = (what: string): void => console.error(pc.dim(`· ${what}`))

export function heading(what: string): void {
  console.log(`\n${pc.bold(what)}`)
}

const number = (value: number, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : '–')

/** Prints the figures of a load on one line. */
export function line(name: string, { count, failed, perSecond, p50Ms, p99Ms }: Figures): void {
  const times = `p50 ${number(p50Ms).padStart(8)} ms   p99 ${number(p99Ms).padStart(8)} ms`
  const counts =
    `${String(count).padStart(6)} at ${number(perSecond).padStart(7)}/s` +
    `${failed > 0 ? pc.red(`   ${failed} failed`) : ''}`
  console.log(`  ${name.padEnd(44)}${times}   ${counts}`)
}

/** Returns the figures of one status; every other response counts as failed. */
export function figuresOf({ answers, errors, seconds, requests }: LoadResult, status: number): Figures {
  const { count = 0, p50Ms = Number.NaN, p99Ms = Number.NaN } = answers[status] ?? {}
  const sent = Object.values(answers).reduce((total, { count: some }) => total + some, 0)
  const lost = Object.values(errors).reduce((total, some) => total + some, 0)
  return {
    count,
    failed: Math.max(sent - count + lost, requests - count),
    seconds,
    perSecond: count / seconds,
    p50Ms,
    p99Ms,
  }
}

/** Describes every response without the expected status; empty if there is none. */
export function otherAnswers({ answers, errors }: LoadResult, status: number): string {
  const others = Object.entries(answers).filter(([code]) => code !== String(status))
  return [
    ...others.map(([code, { count }]) => `${count} × ${code}`),
    ...Object.entries(errors).map(([why, n]) => `${n} × ${why}`),
  ].join(', ')
}

/** Prints a correctness check with its value. */
export function check(what: string, value: string, kept: boolean, required: string): void {
  console.log(`  ${kept ? pc.green('✔') : pc.red('✘')} ${what}: ${pc.bold(value)} ${pc.dim(`(${required})`)}`)
}

/** Prints a speed goal with its value; a missed goal is no failure. */
export function goal(what: string, value: string, reached: boolean, wanted: string): void {
  console.log(
    `  ${reached ? pc.green('●') : pc.yellow('○')} ${what}: ` +
      `${pc.bold(value)} ${pc.dim(`(goal ${wanted}${reached ? '' : ', missed'})`)}`,
  )
}
export const fact = (what: string, value: string | number): void => console.log(`    ${what}: ${value}`)

/** Prints rows in columns, the first aligned left and the others right. */
export function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd(),
  )
}
export const table = (rows: readonly (readonly string[])[]): void => {
  for (const text of tableOf(rows)) console.log(`  ${text}`)
}

export const percent = (share: number, digits = 1): string => `${number(share * 100, digits)} %`
/** Formats a value as a multiple of the baseline of the same run. */
export const times = (value: number, baseline: number): string => `${number(value / baseline, 2)}×`

export function machine(): void {
  console.log(
    pc.dim(
      `Node ${process.versions.node}, ${availableParallelism()} cores, ` +
        `load ${number(loadavg()[0] ?? 0, 2)} at the start`,
    ),
  )
}

/** Checks the invariants; waits until all messages are processed, at most `patienceMs`. */
export async function invariantsHold(observed: Observed, patienceMs = 120_000): Promise<boolean> {
  const limitMs = performance.now() + patienceMs
  for (;;) {
    const violations = await findViolations(observed)
    if (violations.length === 0 || performance.now() > limitMs) {
      const names = [...new Set(violations.map(({ invariant }) => invariant))].join(', ')
      check(
        'invariants over databases, gateway, messages and Redis',
        names || 'all hold',
        violations.length === 0,
        'all',
      )
      for (const { statement, rows } of violations)
        step(`${statement}: violated ${rows.length} times, such as ${JSON.stringify(rows[0])}`)
      return violations.length === 0
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
