import { setTimeout as sleep } from 'node:timers/promises'
import { ReceiveMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isFifo, type Message, type MessageDefinition, type Queue, queues } from '@boxoffice/contracts'
import { isUnavailable, type Tx, type Worker } from '@boxoffice/service-kit'
import { createAcknowledger } from './acknowledger.ts'
import { createHandling, type HandlingOptions } from './handle-message.ts'
import type { Subscriber } from './read-message.ts'
import { retryScheduleOf } from './retries.ts'
import { createHiding, sequencesOf } from './sequences.ts'

/** A worker on one queue. */
export interface Consumer extends Worker {
  /** Whether it takes messages. */
  isRunning(): boolean
}

/** Both must only translate and call: no network in them, they run inside a transaction. */
export const on = <D extends MessageDefinition, T = Tx>(
  definition: D,
  handle: (tx: T, message: Message<D>) => Promise<void>,
  whenImpossible?: (tx: T, message: Message<D>, why: string) => Promise<void>,
): Subscriber<T> => ({
  definition,
  handle: handle as Subscriber<T>['handle'],
  ...(whenImpossible && { whenImpossible: whenImpossible as Subscriber<T>['whenImpossible'] }),
})

/**
 * For messages that a queue receives and this consumer has no use for (another version's, or a filter that is
 * wider).
 */
export const ignore = (definition: MessageDefinition): Subscriber<never> => ({
  definition,
  handle: async () => {},
})

/**
 * How much more those can take on who work on after the commit: more is not received than there is room for.
 */
export interface Room {
  free(): number
  /** Resolves when there is more room than now. */
  waitForRoom(): Promise<void>
}

export interface ConsumerOptions<T extends Tx = Tx> extends HandlingOptions<T> {
  room?: Room
  /** The queue's own where none are given. */
  retryAfterSeconds?: readonly number[]
  /** How many messages are at work at once; two receives where nothing is given, one of a FIFO queue. */
  concurrency?: number
}

const PAUSE_MAX_MS = 5_000
/** The most that SQS gives in one receive. */
const RECEIVE_MAX = 10
/**
 * So long a receive waits when the last one took all that there was: more come together then, and each costs
 * less.
 */
const GATHER_MS = 100

type Taken = 'yes' | 'no' | 'database-away'

const receivesOf = (message: SqsMessage) => Number(message.Attributes?.ApproximateReceiveCount ?? 1)

/**
 * Takes messages off a queue: decode, remember in the inbox and take effect in one transaction, all of one
 * receive where they may go together, then acknowledge. What was taken before is acknowledged and nothing
 * else; what does not match its schema, or can never be done, goes to the dead-letter queue at once (unless
 * its subscriber knows what to do instead); what fails stays on the queue until its visibility ends, or as
 * long as the queue's `retryAfterSeconds` say, and after three receives SQS moves it to the dead-letter
 * queue. Messages of one group (FIFO queues) are taken one after the other, and none before one that failed
 * and comes again.
 */
export function createConsumer<T extends Tx>(options: ConsumerOptions<T>): Consumer {
  const { queue, aws, logger, room } = options
  const handling = createHandling(options)
  const acknowledge = createAcknowledger(aws, queue, logger)
  const showAgainIn = createHiding(aws, queue, logger)
  const { maxReceives, retryAfterSeconds, visibilitySeconds }: Queue = queues[queue]
  const retries = retryScheduleOf({
    maxReceives,
    retryAfterSeconds: options.retryAfterSeconds ?? retryAfterSeconds,
  })
  // Messages of a group depend on each other: each is a transaction of its own.
  const isTogether = !isFifo(queue)
  const concurrency = options.concurrency ?? (isTogether ? 2 * RECEIVE_MAX : RECEIVE_MAX)
  const atWork = new Set<Promise<void>>()
  let inHand = 0
  const capacity = () => Math.min(concurrency, room?.free() ?? concurrency) - inHand
  let loop: Promise<void> | null = null
  let stopped = true

  async function poll(): Promise<void> {
    let failures = 0
    while (!stopped) {
      try {
        while (!stopped && capacity() < 1) await Promise.race(room ? [...atWork, room.waitForRoom()] : atWork)
        if (stopped) return
        const most = Math.min(RECEIVE_MAX, capacity())
        // A database that is down must not use up a message's receives.
        if (failures > 0) await options.db.transact((tx) => tx.query('select 1'))
        const { Messages = [] } = await aws.sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: await aws.queueUrl(queue),
            MaxNumberOfMessages: most,
            WaitTimeSeconds: aws.config.waitSeconds,
            MessageAttributeNames: ['All'],
            MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
          }),
        )
        failures = 0
        const isMoreThere = Messages.length === most
        for (const messages of isTogether ? [Messages] : sequencesOf(Messages)) {
          if (messages.length === 0) continue
          inHand += messages.length
          const work = (isTogether ? takeTogether(messages) : takeInTurn(messages)).then((outcome) => {
            inHand -= messages.length
            atWork.delete(work)
            if (outcome === 'database-away') failures++
          })
          atWork.add(work)
        }
        if (isTogether && !isMoreThere && Messages.length > 0) await sleep(GATHER_MS)
      } catch (error) {
        failures++
        logger.warn({ err: error, queue, failures }, 'polling failed, retrying')
        await sleep(Math.min(PAUSE_MAX_MS, 100 * 2 ** failures))
      }
    }
  }

  /**
   * All of one receive in one transaction. Where that does not succeed each is taken by itself: one that
   * fails comes again alone.
   */
  async function takeTogether(messages: readonly SqsMessage[]): Promise<Taken> {
    if (messages.length > 1 && (await handling.many(messages))) {
      await Promise.all(messages.map(acknowledge))
      return 'yes'
    }
    const outcomes = await Promise.all(messages.map(take))
    return outcomes.includes('database-away') ? 'database-away' : outcomes.includes('no') ? 'no' : 'yes'
  }

  /**
   * Those that come after one that failed are given back: they must not overtake it. After its last receive
   * it is dead, and as SQS has counted that receive for them too, they are tried: given back again they would
   * die with it untried.
   */
  async function takeInTurn(sequence: readonly SqsMessage[]): Promise<Taken> {
    let worst: Taken = 'yes'
    for (const [index, message] of sequence.entries()) {
      const taken = await take(message)
      if (taken === 'yes') continue
      worst = taken
      if (receivesOf(message) >= maxReceives) continue
      await showAgainIn(sequence.slice(index + 1), 0)
      break
    }
    return worst
  }

  async function take(message: SqsMessage): Promise<Taken> {
    const receives = receivesOf(message)
    for (let attempt = 1; ; attempt++) {
      const error = await handling.one(message)
      if (!error) {
        await acknowledge(message)
        return 'yes'
      }
      const waitSeconds = retries.withinReceive(receives, attempt)
      const unseenSeconds = waitSeconds === null ? retries.unseenAfter(receives) : null
      const made = retries.attemptOf(receives, attempt)
      const nth = `(attempt ${made.attempt} of ${made.attempts})`
      const about = { ...error.about, queue, ...made, err: error.cause }
      if (receives >= maxReceives)
        logger.error(about, `message handling failed ${nth}, goes to the dead-letter queue`)
      else {
        const waitMs = (waitSeconds ?? unseenSeconds ?? visibilitySeconds) * 1_000
        logger.warn({ ...about, waitMs }, `message handling failed, will be retried ${nth}`)
      }
      if (waitSeconds === null) {
        if (unseenSeconds !== null) await showAgainIn([message], unseenSeconds)
        return isUnavailable(error.cause) ? 'database-away' : 'no'
      }
      await sleep(waitSeconds * 1_000)
    }
  }

  return {
    name: `consumer of ${queue}`,
    isRunning: () => !stopped,
    start() {
      stopped = false
      loop = poll()
    },
    async stop() {
      // The poll is let end: an aborted one may have taken messages that nobody sees until their visibility
      // ends.
      stopped = true
      await loop
      await Promise.all(atWork)
      await acknowledge.flush()
    },
  }
}
