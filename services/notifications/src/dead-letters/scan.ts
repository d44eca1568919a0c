import { isFromOutside, messages, type QueueName } from '@boxoffice/contracts'
import { type Aws, type DeadLetter, readLetters, releaseLetters } from '@boxoffice/messaging'
import type { Logger } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'
import { blankAddresses } from '../notifications/blanked.ts'
import { archiveLetters } from './archive-repository.ts'

/** A summary of a dead-letter queue: types and reasons, no contents. */
export interface Sample {
  eventTypes: Record<string, number>
  reasons: string[]
  oldestSentAt: string
}

/** The scan stops after this many known letters; they are invisible to other readers during it. */
const KNOWN_MAX = 500
/** The time limit of a scan, below the 30 s for which a reader holds received letters. */
const SCAN_MS = 20_000
const REASONS_MAX = 10

/**
 * Scans a dead-letter queue for 20 s at most and releases its letters. Archives and logs each new one.
 * Returns null if other readers hold all letters. Of a FIFO queue it sees the first ten of a group.
 */
export async function scanDeadLetters(
  { aws, db, logger, now }: { aws: Aws; db: Db; logger: Logger; now: () => Date },
  queue: QueueName,
): Promise<Sample | null> {
  const letters: DeadLetter[] = []
  const endsAt = performance.now() + SCAN_MS
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
 * Returns the part of a body that may be archived: no tokens, no third-party texts, no mail addresses. A
 * message of unknown type may be one of ours that lost its type.
 */
function keptBodyOf(queue: QueueName, { eventType, body }: DeadLetter): string | null {
  const definition = messages.get(eventType)
  const isSecret = definition ? definition.secret : /token/i.test(body)
  return isSecret || isFromOutside(queue) ? null : blankAddresses(body)
}
