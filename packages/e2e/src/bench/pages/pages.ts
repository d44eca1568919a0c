import { execFile } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { fact, heading, promise, step, times } from '../report.ts'
import { median } from '../statistics.ts'

const ROUNDS = 9
const PAGES = 20
const MANY_MS_MAX = 5
const ALONE_MS_MAX = 15

/** The ticket service's own code, in a process of its own: nothing else is counted. */
const SCRIPT = path.join(import.meta.dirname, '../../../../../services/tickets/test/pages-bench.ts')

interface Round {
  before: number
  many: number
  alone: number
}

/**
 * What a page of a ticket costs, in milliseconds of CPU: in a document of 20 and alone, beside a document for
 * each ticket that reads its fonts, as it was; in turns. Whether all that is promised was kept.
 */
export async function benchPages(): Promise<boolean> {
  step(`${ROUNDS} rounds of ${PAGES} pages, in turns`)
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(ROUNDS), String(PAGES)])
  const rounds = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Round)
  const of = (name: keyof Round) => median(rounds.map((round) => round[name]))
  heading(`Tickets as PDF, milliseconds of CPU a page; the median of ${rounds.length} rounds in turns`)
  const [many, alone, before] = [of('many'), of('alone'), of('before')]
  const kept = [many < MANY_MS_MAX, alone < ALONE_MS_MAX] as const
  promise(`a page in a document of ${PAGES}`, `${many.toFixed(1)} ms`, kept[0], `less than ${MANY_MS_MAX} ms`)
  promise('a page alone', `${alone.toFixed(1)} ms`, kept[1], `less than ${ALONE_MS_MAX} ms`)
  fact('a document for each ticket, which reads its fonts (baseline)', `${before.toFixed(1)} ms`)
  fact('beside the baseline', `${times(many, before)} and ${times(alone, before)}`)
  return kept.every(Boolean)
}
