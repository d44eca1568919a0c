import { setTimeout as sleep } from 'node:timers/promises'
import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isFifo, type Queue, queues } from '@boxoffice/contracts'
import { isUnavailable, type Tx } from '@boxoffice/service-kit'
import { createAcknowledger } from './acknowledger.ts'
import { createBatchHandler } from './handle-batch.ts'
import { createMessageHandler, type HandlingError } from './handle-message.ts'
import { type HandlingOptions, subscribersByType } from './handling.ts'
import { retryScheduleOf } from './retries.ts'
import { createVisibilityChanger } from './sequences.ts'

export type Result = 'handled' | 'failed' | 'database-down'

export interface ReceiveOptions<T extends Tx = Tx> extends HandlingOptions<T> {
  /** Overrides the queue's waits between attempts. */
  retryAfterSeconds?: readonly number[]
}

const receiveCountOf = (message: SqsMessage) => Number(message.Attributes?.ApproximateReceiveCount ?? 1)

const worstOf = (results: readonly Result[]): Result =>
  (['database-down', 'failed'] as const).find((result) => results.includes(result)) ?? 'handled'

/**
 * Handles and acknowledges the messages of one receive: in one transaction on a standard queue, one after the
 * other on a FIFO queue, whose messages depend on each other.
 */
export function createReceiveHandler<T extends Tx>(options: ReceiveOptions<T>) {
  const { queue, aws, logger } = options
  const subscribers = subscribersByType(options)
  const handleOne = createMessageHandler(options, subscribers)
  const handleBatch = createBatchHandler(options, subscribers)
  const acknowledge = createAcknowledger(aws, queue, logger)
  const showAgainIn = createVisibilityChanger(aws, queue, logger)
  const { maxReceives, retryAfterSeconds, visibilitySeconds }: Queue = queues[queue]
  const retries = retryScheduleOf({
    maxReceives,
    retryAfterSeconds: options.retryAfterSeconds ?? retryAfterSeconds,
  })

  /**
   * One transaction for all; if it fails each message is handled alone, so that only the bad one is retried.
   */
  async function handleTogether(messages: readonly SqsMessage[]): Promise<Result> {
    if (messages.length > 1 && (await handleBatch(messages))) {
      await Promise.all(messages.map(acknowledge))
      return 'handled'
    }
    return worstOf(await Promise.all(messages.map(handleWithRetries)))
  }

  /**
   * Stops at the first failure and releases the messages behind it, which must not overtake it. After its
   * last receive the failed one is dead-lettered. SQS has counted that receive for the others too, so they
   * are handled now: released once more they would be dead-lettered without an attempt.
   */
  async function handleInOrder(sequence: readonly SqsMessage[]): Promise<Result> {
    let worst: Result = 'handled'
    for (const [index, message] of sequence.entries()) {
      const result = await handleWithRetries(message)
      if (result === 'handled') continue
      worst = result
      if (receiveCountOf(message) >= maxReceives) continue
      await showAgainIn(sequence.slice(index + 1), 0)
      break
    }
    return worst
  }

  async function handleWithRetries(message: SqsMessage): Promise<Result> {
    const receiveCount = receiveCountOf(message)
    for (let attempt = 1; ; attempt++) {
      const error = await handleOne(message)
      if (!error) {
        await acknowledge(message)
        return 'handled'
      }
      const waitSeconds = retries.withinReceive(receiveCount, attempt)
      const unseenSeconds = waitSeconds === null ? retries.unseenAfter(receiveCount) : null
      const waitMs = (waitSeconds ?? unseenSeconds ?? visibilitySeconds) * 1_000
      logFailure(error, receiveCount, attempt, waitMs)
      if (waitSeconds === null) {
        if (unseenSeconds !== null) await showAgainIn([message], unseenSeconds)
        return isUnavailable(error.cause) ? 'database-down' : 'failed'
      }
      await sleep(waitSeconds * 1_000)
    }
  }

  function logFailure(
    { about, cause }: HandlingError,
    receiveCount: number,
    attempt: number,
    waitMs: number,
  ) {
    const made = retries.attemptOf(receiveCount, attempt)
    const nth = `(attempt ${made.attempt} of ${made.attempts})`
    const fields = { ...about, queue, ...made, err: cause }
    if (receiveCount >= maxReceives)
      logger.error(fields, `message handling failed ${nth}, goes to the dead-letter queue`)
    else logger.warn({ ...fields, waitMs }, `message handling failed, will be retried ${nth}`)
  }

  return { handle: isFifo(queue) ? handleInOrder : handleTogether, flush: acknowledge.flush }
}
