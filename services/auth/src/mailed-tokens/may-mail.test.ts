import { expect, test } from 'vitest'
import { mayMail } from './may-mail.ts'

const limits = { intervalMs: 60_000, perHour: 2, perDay: 4 }
const now = new Date('2026-11-23T12:00:00Z')

test.each<[string, number[], boolean]>([
  ['the first', [], true],
  ['one within the interval', [0.9], false],
  ['one right after the interval', [1], true],
  ['a third in an hour', [30, 59], false],
  ['a third when the first of them is an hour old', [30, 60], true],
  ['the fourth of a day', [60, 120, 180], true],
  ['a fifth in a day', [60, 120, 180, 240], false],
])('%s', (_, minutesAgo, may) => {
  const mailedAt = minutesAgo.map((minutes) => new Date(now.getTime() - minutes * 60_000))
  expect(mayMail(mailedAt, now, limits)).toBe(may)
})
