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

/** What became of the letters of a selection. */
export interface Summary {
  /** Requeued or purged; with `dryRun`, those that would have been. */
  done: DeadLetter[]
  /** Put back too often already, or back again while we looked: left where they are. */
  looping: DeadLetter[]
  /** SQS did not take them: left where they are. */
  refused: { letter: DeadLetter; why: string }[]
  /** Put back and not deleted: they will be there twice, which consumers notice. */
  undeleted: DeadLetter[]
  /** Stopped by the operator before the end. */
  interrupted: boolean
}

/** How letters of a selection are worked off. */
export interface Work {
  aws: Aws
  queue: QueueName
  selection: Selection
  dryRun: boolean
  signal: AbortSignal
  onProgress(summary: Summary): void
}

/**
 * Put letters back on their queue: each is sent before it is deleted, and deleted only if it was accepted.
 */
export function requeue(work: Work & { maxRedrives: number }): Promise<Summary> {
  const requeued = new Set<string>()
  return workOff(work, async (letters, summary) => {
    const isLooping = ({ redrives, messageId }: DeadLetter) =>
      redrives >= work.maxRedrives || (messageId !== null && requeued.has(messageId))
    const looping = letters.filter(isLooping)
    const going = letters.filter((letter) => !isLooping(letter))
    for (const { messageId } of going) if (messageId !== null) requeued.add(messageId)
    summary.looping.push(...looping)
    if (work.dryRun) {
      summary.done.push(...going)
      return letters
    }
    const { accepted, refused, undeleted } = await requeueLetters(work.aws, work.queue, going)
    summary.done.push(...accepted)
    summary.refused.push(...refused)
    summary.undeleted.push(...undeleted)
    return [...looping, ...refused.map(({ letter }) => letter)]
  })
}

/** Delete letters for good. */
export function purge(work: Work): Promise<Summary> {
  return workOff(work, async (letters, summary) => {
    const undeleted = work.dryRun ? [] : await deleteLetters(work.aws, work.queue, letters)
    summary.undeleted.push(...undeleted)
    summary.done.push(...letters.filter((letter) => !undeleted.includes(letter)))
    return work.dryRun ? letters : undeleted
  })
}

/**
 * `handle` answers which letters stay. Those, and those of no interest, are given back in the end, however it
 * ends.
 */
async function workOff(
  { aws, queue, selection, signal, onProgress }: Work,
  handle: (letters: DeadLetter[], summary: Summary) => Promise<DeadLetter[]>,
): Promise<Summary> {
  const summary: Summary = { done: [], looping: [], refused: [], undeleted: [], interrupted: false }
  const staying: DeadLetter[] = []
  let room = selection.limit ?? Number.POSITIVE_INFINITY
  try {
    for await (const letters of readLetters(aws, queue)) {
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
