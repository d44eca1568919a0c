import { isFromOutside, messages, type QueueName } from '@boxoffice/contracts'
import { type Aws, type DeadLetter, readLetters, releaseLetters } from '@boxoffice/messaging'
import type { Logger } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'
import { blankAddresses } from '../notifications/blanked.ts'
import { archiveLetters } from './archive-repository.ts'

/** What the letters of a queue say of themselves: types and reasons, never what is in them. */
export interface Sample {
  eventTypes: Record<string, number>
  reasons: string[]
  oldestSentAt: string
}

/** So many are looked at that are known already; nobody else sees them meanwhile. */
const KNOWN_MAX = 500
/** New ones are written down for so long: a reader has what it has received for 30 s. */
const LOOK_MS = 20_000
const REASONS_MAX = 10

/**
 * Looks through the letters of a queue's dead-letter queue for 20 s at most, and gives them back: each that
 * is new is written down for as long as letters are remembered, and has a line in the log. Null where others
 * hold all of them. Of a FIFO queue the first ten of a group are seen.
 */
export async function lookThrough(
  { aws, db, logger, now }: { aws: Aws; db: Db; logger: Logger; now: () => Date },
  queue: QueueName,
): Promise<Sample | null> {
  const letters: DeadLetter[] = []
  const endsAt = performance.now() + LOOK_MS
  const bodyOf = (letter: DeadLetter) => keptBodyOf(queue, letter)
  let known = 0
  try {
    for await (const some of readLetters(aws, queue)) {
      letters.push(...some)
      const fresh = await archiveLetters(db, queue, some, { archivedAt: now(), bodyOf })
      for (const letter of fresh) {
        const { messageId, eventType, redrives, sentAt } = letter
        logger.error(
          { queue, messageId, eventType, redrives, sentAt, reason: reasonOf(letter) },
          'dead letter found',
        )
      }
      known += some.length - fresh.length
      if (known >= KNOWN_MAX || performance.now() > endsAt) break
    }
  } finally {
    await releaseLetters(aws, queue, letters)
  }
  return letters.length > 0 ? sampleOf(letters) : null
}

function sampleOf(letters: readonly DeadLetter[]): Sample {
  const byType = Object.entries(Object.groupBy(letters, ({ eventType }) => eventType))
  return {
    eventTypes: Object.fromEntries(byType.map(([eventType, some = []]) => [eventType, some.length])),
    reasons: [...new Set(letters.map(reasonOf))].slice(0, REASONS_MAX),
    oldestSentAt: new Date(Math.min(...letters.map(({ sentAt }) => sentAt.getTime()))).toISOString(),
  }
}

const reasonOf = ({ reason }: DeadLetter) => reason ?? 'received too often without success'

/**
 * No token is kept, nor what others wrote of people, nor a mail address; what is no message of ours may be
 * one that lost its type.
 */
function keptBodyOf(queue: QueueName, { eventType, body }: DeadLetter): string | null {
  const definition = messages.get(eventType)
  const isSecret = definition ? definition.secret : /token/i.test(body)
  return isSecret || isFromOutside(queue) ? null : blankAddresses(body)
}
