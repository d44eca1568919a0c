import { expect, test } from 'vitest'
import { occasionOf, severityOf, titleOf, type Watch } from './watch.ts'

const now = new Date('2026-12-01T12:00:00Z')
const watch = (letters: number, minutesAgo: number): Watch => ({
  letters,
  alerts: 1,
  alertedAt: new Date(now.getTime() - minutesAgo * 60_000),
})

test.each([
  ['never checked, empty', null, 0, null],
  ['never checked, letters', null, 2, 'APPEARED'],
  ['empty before, letters', watch(0, 5), 1, 'APPEARED'],
  ['the same as before', watch(2, 59), 2, null],
  ['more than before', watch(2, 1), 3, 'GREW'],
  ['fewer than before', watch(3, 5), 1, null],
  ['the same for an hour', watch(2, 60), 2, 'REMAIN'],
  ['none any more', watch(2, 1), 0, 'GONE'],
  ['none as before', watch(0, 600), 0, null],
] as const)('%s', (_, before, letters, occasion) => {
  expect(occasionOf(before, letters, now)).toBe(occasion)
})

test('letters about money are critical, an emptied queue is not', () => {
  expect(severityOf('payment-processing-queue', 'APPEARED')).toBe('CRITICAL')
  expect(severityOf('order-commands.fifo', 'REMAIN')).toBe('CRITICAL')
  expect(severityOf('payment-processing-queue', 'GONE')).toBe('WARNING')
  expect(severityOf('notification-queue', 'GREW')).toBe('WARNING')
})

test('a title says what happened', () => {
  expect(titleOf('x-dlq', 'APPEARED', 1)).toBe('x-dlq has 1 dead letter')
  expect(titleOf('x-dlq', 'GREW', 4)).toBe('x-dlq has now 4 dead letters')
  expect(titleOf('x-dlq', 'REMAIN', 4)).toBe('x-dlq has still 4 dead letters')
  expect(titleOf('x-dlq', 'GONE', 0)).toBe('x-dlq is empty again')
})
