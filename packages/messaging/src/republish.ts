import { setTimeout as sleep } from 'node:timers/promises'
import {
  consumedTopics,
  isCommandQueue,
  type OpsRoutes,
  type Republishing,
  retention,
  SERVICE_UNAVAILABLE,
  TopicName,
} from '@boxoffice/contracts'
import { actorOf, type Handlers, refuse, refuseDetails, type Sql } from '@boxoffice/service-kit'
import { INBOX_DAYS } from './inbox-repository.ts'
import type { Relay } from './relay.ts'
import {
  countPublished,
  countUnpublished,
  type Progress,
  putBack,
  timeOfDatabase,
  type Window,
} from './republish-repository.ts'

const DAY_MS = 86_400_000
/** How long a copy may wait before it is handled, in its queue and then in the dead-letter queue. */
const WAITING_DAYS = retention.queueDays + retention.deadLetterDays
/** Older messages may have been forgotten by their consumers when a copy of today is handled. */
const REPUBLISHED_DAYS = INBOX_DAYS - WAITING_DAYS
const CHECK_MS = 50
/** The limits of a request. */
export const republishLimits = {
  messagesMax: 100_000,
  batchMax: 500,
  /** New messages of FIFO topics and queues wait behind these. */
  unpublishedMax: 2_000,
  waitMaxMs: 10_000,
}

/**
 * Creates the handler that publishes messages again: puts them back into the outbox in batches, each its own
 * transaction, no faster than the relay publishes. Consumers ignore what they have handled, so it can be
 * repeated, also after an interruption.
 */
export function createRepublish({
  db,
  relay,
  messagesMax,
  batchMax,
  unpublishedMax,
  waitMaxMs,
}: {
  db: Sql
  relay: Pick<Relay, 'nudge'>
} & typeof republishLimits): Handlers<OpsRoutes>['republishOutbox'] {
  /** Resolves once few messages are unpublished; false if the relay does not get there. */
  async function untilPublished(): Promise<boolean> {
    const startMs = performance.now()
    while ((await countUnpublished(db, unpublishedMax)) >= unpublishedMax) {
      if (performance.now() - startMs > waitMaxMs) return false
      relay.nudge()
      await sleep(CHECK_MS)
    }
    return true
  }

  /** Puts all messages of the window back; false if publishing did not keep up. */
  async function putAllBack(window: Window, done: { republished: number }, now: Date): Promise<boolean> {
    let after: Progress | null = null
    do {
      if (!(await untilPublished())) return false
      const { count, next } = await putBack(db, window, { after, republishedAt: now, limit: batchMax })
      done.republished += count
      after = next
      relay.nudge()
    } while (after)
    return true
  }

  return async ({ body: { dryRun, ...wanted }, principal, log }) => {
    const now = await timeOfDatabase(db)
    const objection = objectionTo(wanted, now)
    if (objection) return refuseDetails([objection])
    const window = windowOf(wanted, now)
    const byType = await countPublished(db, window, messagesMax + 1)
    const matched = byType.reduce((sum, { count }) => sum + count, 0)
    if (matched > messagesMax) return refuseDetails([tooMany(messagesMax)])
    if (dryRun) return { status: 200, body: { matched, republished: 0, byType } }
    const done = { republished: 0 }
    try {
      if (await putAllBack(window, done, now)) return { status: 200, body: { matched, ...done, byType } }
    } finally {
      log.warn({ by: actorOf(principal), ...wanted, matched, ...done }, 'messages are published again')
    }
    const message =
      `${done.republished} of ${matched} messages are published again, ` +
      'but publishing does not keep up: see the outbox, then repeat'
    return refuse(SERVICE_UNAVAILABLE, { message })
  }
}

const tooMany = (max: number) => ({
  path: 'body.since',
  message: `more than ${max} messages match: narrow the window`,
})

type Wanted = Omit<Republishing, 'dryRun'>

/** Returns why messages of such a window are not published again; null if they are. */
function objectionTo({ since, until, topic }: Wanted, now: Date): { path: string; message: string } | null {
  if (topic && isCommandQueue(topic))
    return { path: 'body.topic', message: 'is the queue of a command: commands are not published again' }
  if (topic && !TopicName.safeParse(topic).success) return { path: 'body.topic', message: 'is not a topic' }
  const earliest = new Date(now.getTime() - REPUBLISHED_DAYS * DAY_MS)
  if (since < earliest) {
    const message =
      `must be ${earliest.toISOString()} or later: consumers remember for ${INBOX_DAYS} days what they ` +
      `handled, and a copy may wait for ${WAITING_DAYS} days in a queue and its dead-letter queue`
    return { path: 'body.since', message }
  }
  return until && until <= since ? { path: 'body.until', message: 'must be later than `since`' } : null
}

/** What is published meanwhile, among it these messages, does not belong to the window. */
const windowOf = ({ since, until, topic, eventType, messageId }: Wanted, now: Date): Window => ({
  since,
  until: until && until < now ? until : now,
  topics: topic ? [topic] : consumedTopics,
  eventType: eventType ?? null,
  messageId: messageId ?? null,
})
