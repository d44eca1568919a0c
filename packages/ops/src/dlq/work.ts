import type { QueueName } from '@boxoffice/contracts'
import {
  type Aws,
  type DeadLetter,
  deleteLetters,
  readLetters,
  releaseLetters,
  requeueLetters,
} from '@boxoffice/messaging'
import { matches, type Selection } from './selection.ts'

/** The outcome for the letters of a selection. */
export interface Summary {
  /** Requeued or purged; with `dryRun`, those that would have been. */
  done: DeadLetter[]
  /** Redriven too often before this run: not touched. */
  looping: DeadLetter[]
  /** Redriven by this run, and dead again: not touched. */
  diedAgain: DeadLetter[]
  /** Refused by SQS: not touched. */
  refused: { letter: DeadLetter; why: string }[]
  /** Redriven but not deleted: they exist twice, which consumers detect. */
  undeleted: DeadLetter[]
  /** Stopped early by the operator. */
  interrupted: boolean
  /** The letters that were looked at, selected or not. */
  seen: number
}

/** How to process the letters of a selection. */
export interface Work {
  aws: Aws
  queue: QueueName
  selection: Selection
  dryRun: boolean
  signal: AbortSignal
  onProgress(summary: Summary): void
}

/** Redrives letters: each is sent before it is deleted, and deleted only if SQS accepted it. */
export function requeue(work: Work & { maxRedrives: number }): Promise<Summary> {
  const requeued = new Set<string>()
  return workOff(work, async (letters, summary) => {
    const hasDiedAgain = ({ messageId }: DeadLetter) => messageId !== null && requeued.has(messageId)
    const diedAgain = letters.filter(hasDiedAgain)
    const others = letters.filter((letter) => !hasDiedAgain(letter))
    const looping = others.filter(({ redrives }) => redrives >= work.maxRedrives)
    const going = others.filter(({ redrives }) => redrives < work.maxRedrives)
    for (const { messageId } of going) if (messageId !== null) requeued.add(messageId)
    summary.diedAgain.push(...diedAgain)
    summary.looping.push(...looping)
    if (work.dryRun) {
      summary.done.push(...going)
      return letters
    }
    const { accepted, refused, undeleted } = await requeueLetters(work.aws, work.queue, going)
    summary.done.push(...accepted)
    summary.refused.push(...refused)
    summary.undeleted.push(...undeleted)
    return [...looping, ...diedAgain, ...refused.map(({ letter }) => letter)]
  })
}

/** Deletes letters for good. */
export function purge(work: Work): Promise<Summary> {
  return workOff(work, async (letters, summary) => {
    const undeleted = work.dryRun ? [] : await deleteLetters(work.aws, work.queue, letters)
    summary.undeleted.push(...undeleted)
    summary.done.push(...letters.filter((letter) => !undeleted.includes(letter)))
    return work.dryRun ? letters : undeleted
  })
}

/**
 * `handle` returns the letters that stay. Those and the ones not selected are released in the end, also after
 * an error.
 */
async function workOff(
  { aws, queue, selection, signal, onProgress }: Work,
  handle: (letters: DeadLetter[], summary: Summary) => Promise<DeadLetter[]>,
): Promise<Summary> {
  const summary: Summary = {
    done: [],
    looping: [],
    diedAgain: [],
    refused: [],
    undeleted: [],
    interrupted: false,
    seen: 0,
  }
  const staying: DeadLetter[] = []
  let room = selection.limit ?? Number.POSITIVE_INFINITY
  try {
    for await (const letters of readLetters(aws, queue)) {
      summary.seen += letters.length
      const chosen = letters.filter((letter) => matches(selection, letter)).slice(0, room)
      const rest = letters.filter((letter) => !chosen.includes(letter))
      room -= chosen.length
      staying.push(...rest)
      if (chosen.length > 0) staying.push(...(await handle(chosen, summary)))
      onProgress(summary)
      if (room === 0) break
      if (signal.aborted) {
        summary.interrupted = true
        break
      }
    }
  } finally {
    await releaseLetters(aws, queue, staying)
  }
  return summary
}
