import type { DeadLetter } from '@boxoffice/messaging'
import { Failure } from '../failure.ts'
import { counted } from '../framework/words.ts'

/** The dead letters that a command applies to. */
export interface Selection {
  readonly type?: string | undefined
  /** The `messageId` of its envelope. */
  readonly id?: string | undefined
  /** Letters that reached the queue at this time or later. */
  readonly since?: Date | undefined
  /** The most letters. */
  readonly limit?: number | undefined
}

export const matches = ({ type, id, since }: Selection, letter: DeadLetter): boolean =>
  (type === undefined || letter.eventType === type) &&
  (id === undefined || letter.messageId === id) &&
  (since === undefined || letter.sentAt >= since)

/** Returns the selection in words: `dead letters of type X with the id Y`. */
export const inWords = ({ type, id, since, limit }: Selection): string =>
  [
    limit === undefined ? 'every dead letter' : `at most ${counted(limit, 'dead letter')}`,
    ...(type === undefined ? [] : [`of type ${type}`]),
    ...(id === undefined ? [] : [`with the id ${id}`]),
    ...(since === undefined ? [] : [`since ${since.toISOString()}`]),
  ].join(' ')

/**
 * Says that nothing was selected, and why: an empty queue, or letters that do not match. An id that matches
 * nothing is a Failure, since its letter has gone or is elsewhere.
 */
export function nothingSelected(selection: Selection, deadLetterQueue: string, seen: number): string {
  const among =
    seen === 0 ? `${deadLetterQueue} is empty` : `${deadLetterQueue} has ${counted(seen, 'letter')}`
  if (selection.id !== undefined)
    throw new Failure('NOT_FOUND', `no dead letter has the id ${selection.id}: ${among}`)
  return seen === 0 ? `${among}\n` : `none matches: ${among}\n`
}
