import type { DeadLetter } from '@boxoffice/messaging'

/** The dead letters that a command applies to. */
export interface Selection {
  readonly type?: string
  /** The `messageId` of its envelope. */
  readonly id?: string
  /** The most letters. */
  readonly limit?: number
}

export const matches = ({ type, id }: Selection, letter: DeadLetter): boolean =>
  (type === undefined || letter.eventType === type) && (id === undefined || letter.messageId === id)

/** Returns the selection in words: `dead letters of type X with the id Y`. */
export const inWords = ({ type, id, limit }: Selection): string =>
  [
    limit === undefined ? 'every dead letter' : `at most ${limit} dead ${limit === 1 ? 'letter' : 'letters'}`,
    ...(type === undefined ? [] : [`of type ${type}`]),
    ...(id === undefined ? [] : [`with the id ${id}`]),
  ].join(' ')
