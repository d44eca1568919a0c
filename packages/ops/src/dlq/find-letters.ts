import type { QueueName } from '@boxoffice/contracts'
import { type Aws, type DeadLetter, readLetters, releaseLetters } from '@boxoffice/messaging'
import { matches, type Selection } from './selection.ts'

/**
 * Reads the letters of a dead-letter queue that match, and leaves them there: all are released in the end.
 * Returns how many were looked at. Stops after a batch when `signal` is aborted.
 */
export async function readMatching(
  aws: Aws,
  queue: QueueName,
  selection: Selection,
  handle: (letters: DeadLetter[]) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<number> {
  const held: DeadLetter[] = []
  let room = selection.limit ?? Number.POSITIVE_INFINITY
  try {
    for await (const letters of readLetters(aws, queue)) {
      held.push(...letters)
      const chosen = letters.filter((letter) => matches(selection, letter)).slice(0, room)
      room -= chosen.length
      if (chosen.length > 0) await handle(chosen)
      if (room === 0 || signal?.aborted) break
    }
  } finally {
    await releaseLetters(aws, queue, held)
  }
  return held.length
}
