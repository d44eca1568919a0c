import type { DeadLetter } from '@boxoffice/messaging'

/** Which dead letters a command is about. */
export interface Selection {
  readonly type?: string
  /** The message's own id, `messageId` of its envelope. */
  readonly id?: string
  /** At most so many. */
  readonly limit?: number
}

export const matches = ({ type, id }: Selection, letter: DeadLetter): boolean =>
  (type === undefined || letter.eventType === type) && (id === undefined || letter.messageId === id)

/** The selection in words: `dead letters of type X with the id Y`. */
export const inWords = ({ type, id, limit }: Selection): string =>
  [
    limit === undefined ? 'every dead letter' : `at most ${limit} dead ${limit === 1 ? 'letter' : 'letters'}`,
    ...(type === undefined ? [] : [`of type ${type}`]),
    ...(id === undefined ? [] : [`with the id ${id}`]),
  ].join(' ')
