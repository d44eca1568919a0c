import { execFile } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { check, fact, heading, step, times } from '../report.ts'
import { median } from '../statistics.ts'

const ROUNDS = 9
const PAGES = 20
const MANY_MS_MAX = 5
const ALONE_MS_MAX = 15

/** Runs the ticket service's own code in a separate process, so that only its CPU counts. */
const SCRIPT = path.join(import.meta.dirname, '../../../../../services/tickets/test/pages-bench.ts')

interface Round {
  before: number
  many: number
  alone: number
}

/**
 * Measures the CPU time per page of a ticket PDF: in a document of 20, alone, and in a separate document per
 * ticket that reads its fonts each time (the earlier way), in alternating rounds. Returns whether all checks
 * passed.
 */
export async function benchPages(): Promise<boolean> {
  step(`${ROUNDS} alternating rounds of ${PAGES} pages`)
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(ROUNDS), String(PAGES)])
  const rounds = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Round)
  const of = (name: keyof Round) => median(rounds.map((round) => round[name]))
  heading(`Tickets as PDF, milliseconds of CPU per page; the median of ${rounds.length} alternating rounds`)
  const [many, alone, before] = [of('many'), of('alone'), of('before')]
  const kept = [many < MANY_MS_MAX, alone < ALONE_MS_MAX] as const
  check(`a page in a document of ${PAGES}`, `${many.toFixed(1)} ms`, kept[0], `less than ${MANY_MS_MAX} ms`)
  check('a page alone', `${alone.toFixed(1)} ms`, kept[1], `less than ${ALONE_MS_MAX} ms`)
  fact('a document per ticket that reads its fonts (baseline)', `${before.toFixed(1)} ms`)
  fact('relative to the baseline', `${times(many, before)} and ${times(alone, before)}`)
  return kept.every(Boolean)
}
