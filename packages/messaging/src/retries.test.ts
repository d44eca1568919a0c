import { queues } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { retryScheduleOf } from './retries.ts'

test('an order command is tried four times in three receives: after 1 s, 5 s and 15 s', () => {
  const { withinReceive, unseenAfter } = retryScheduleOf(queues['order-commands.fifo'])
  expect([withinReceive(1, 1), withinReceive(1, 2), withinReceive(2, 1), withinReceive(3, 1)]).toEqual([
    1,
    null,
    null,
    null,
  ])
  expect([1, 2, 3, 4].map(unseenAfter)).toEqual([5, 15, 0, 0])
})

test('a queue without its own waits leaves a message invisible for its visibility timeout', () => {
  const { withinReceive, unseenAfter } = retryScheduleOf({ maxReceives: 3 })
  expect(withinReceive(1, 1)).toBeNull()
  expect([1, 2, 3].map(unseenAfter)).toEqual([null, null, null])
})
