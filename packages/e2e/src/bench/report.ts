import { availableParallelism, loadavg } from 'node:os'
import pc from 'picocolors'
import { findViolations } from '../invariants/invariants.ts'
import type { Observed } from '../invariants/observed.ts'
import type { Figures } from './load.ts'

/** Where results go: what is at work to stderr, results to stdout. */
export const step = (what: string): void => console.error(pc.dim(`· ${what}`))

export function heading(what: string): void {
  console.log(`\n${pc.bold(what)}`)
}

const number = (value: number, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : '–')

/** One line of a load's figures. */
export function line(name: string, { count, failed, perSecond, p50Ms, p99Ms }: Figures): void {
  const times = `p50 ${number(p50Ms).padStart(8)} ms   p99 ${number(p99Ms).padStart(8)} ms`
  const counts = `${String(count).padStart(6)} at ${number(perSecond).padStart(7)}/s${failed > 0 ? pc.red(`   ${failed} failed`) : ''}`
  console.log(`  ${name.padEnd(44)}${times}   ${counts}`)
}

/** A figure beside what was promised of it. */
export function promise(what: string, value: string, kept: boolean, promised: string): void {
  console.log(`  ${kept ? pc.green('✔') : pc.red('✘')} ${what}: ${pc.bold(value)} ${pc.dim(`(${promised})`)}`)
}
export const fact = (what: string, value: string | number): void => console.log(`    ${what}: ${value}`)

export const percent = (share: number): string => `${number(share * 100)} %`
/** A value as a multiple of the baseline of the same run. */
export const times = (value: number, baseline: number): string => `${number(value / baseline, 2)}×`

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export function machine(): void {
  console.log(
    pc.dim(`Node ${process.versions.node}, ${availableParallelism()} cores, load ${number(loadavg()[0] ?? 0, 2)} at the start`),
  )
}

/** What must hold however fast it went; waits until messages have settled, at most two minutes. */
export async function invariantsHold(observed: Observed): Promise<boolean> {
  const limitMs = performance.now() + 120_000
  for (;;) {
    const violations = await findViolations(observed)
    if (violations.length === 0 || performance.now() > limitMs) {
      const names = [...new Set(violations.map(({ invariant }) => invariant))].join(', ')
      promise('invariants over databases, gateway, messages and Redis', names || 'all hold', violations.length === 0, 'all')
      return violations.length === 0
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
