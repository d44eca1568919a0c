import { AsyncLocalStorage } from 'node:async_hooks'
import { oncePerTick } from './once-per-tick.ts'

/** So long the next group waits for the one before. */
const SLOW_MS = 50

interface Waiting<Question, Answer> {
  readonly question: Question
  resolve(answer: Answer): void
  reject(error: unknown): void
  /** Runs something on behalf of whoever asked. */
  readonly within: <R>(work: () => R) => R
}

/**
 * What is asked in one turn of the event loop, or while what was asked before is under way, is asked
 * together. `ask` gets `groupMax` questions at most and answers each at its place. An answer is never older
 * than its question. A group is asked in the trace of its first question. One that is slow holds up the next
 * for a moment only; one that fails is asked again one by one, so that a bad question fails alone.
 */
export function askTogether<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { groupMax }: { groupMax: number },
): (question: Question) => Promise<Answer> {
  const waiting: Waiting<Question, Answer>[] = []
  let isBusy = false
  /** Everything that the event loop does in this turn asks before the group begins. */
  const schedule = oncePerTick(() => {
    if (!isBusy) begin()
  })

  function begin(): void {
    isBusy = true
    let isNext = true
    const giveWay = () => {
      clearTimeout(timer)
      if (!isNext) return
      isNext = false
      isBusy = false
      if (waiting.length > 0) schedule()
    }
    const timer = setTimeout(giveWay, SLOW_MS)
    void answer(waiting.splice(0, groupMax)).then(giveWay)
  }

  async function answer(group: readonly Waiting<Question, Answer>[]): Promise<void> {
    const [first] = group
    try {
      const answers = await first?.within(() => ask(group.map(({ question }) => question)))
      for (const [index, { resolve }] of group.entries()) resolve(answers?.[index] as Answer)
    } catch (error) {
      if (group.length === 1) first?.reject(error)
      else await Promise.all(group.map((one) => answer([one])))
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject, within: AsyncLocalStorage.snapshot() })
      schedule()
    })
}
