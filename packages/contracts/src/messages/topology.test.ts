import { expect, test } from 'vitest'
import { longPollSeconds, type Queue, queues, retention } from './topology.ts'

// The figures of the reference (`002`, "SQS Queue Configuration"), as they stand there.

test.each([
  ['notification-queue', 'notification-dlq', 30],
  ['ticket-processing-queue', 'ticket-processing-dlq', 60],
] as const)(
  '%s has its dead-letter queue, visibility and three receives',
  (name, deadLetterQueue, visibilitySeconds) => {
    expect(queues[name] as Queue).toMatchObject({ deadLetterQueue, visibilitySeconds, maxReceives: 3 })
  },
)

test('messages are kept for four days, dead letters for fourteen, and a long poll lasts 20 s', () => {
  expect(retention).toEqual({ queueDays: 4, deadLetterDays: 14 })
  expect(longPollSeconds).toBe(20)
})
