import { AsyncLocalStorage } from 'node:async_hooks'
import { oncePerTick } from './once-per-tick.ts'

/** The next group waits at most this long for the one before. */
const SLOW_MS = 50

interface Waiting<Question, Answer> {
  readonly question: Question
  resolve(answer: Answer): void
  reject(error: unknown): void
  /** Runs work on behalf of the caller. */
  readonly within: <R>(work: () => R) => R
}

/**
 * Groups questions that arrive in the same tick, or while an earlier group is in progress. `ask` gets at most
 * `groupMax` questions and returns the answers in the same order. An answer is never older than its question.
 * A group runs in the trace of its first question. A slow group holds up the next one only briefly; the
 * questions of a failed group are asked again one by one, so that a bad one fails alone.
 */
export function askTogether<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { groupMax }: { groupMax: number },
): (question: Question) => Promise<Answer> {
  const waiting: Waiting<Question, Answer>[] = []
  let isBusy = false
  /** Everything that the event loop runs in this tick asks before the group begins. */
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
