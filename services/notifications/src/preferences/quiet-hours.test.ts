import { expect, test } from 'vitest'
import { quietUntil, shownOf, storedOf } from './quiet-hours.ts'

const until = (now: string, start: string, end: string, timeZone: string) =>
  quietUntil(new Date(now), storedOf({ start, end, timeZone }))?.toISOString() ?? null

test.each([
  ['2026-12-01T20:59:59Z', null],
  ['2026-12-01T21:00:00Z', '2026-12-02T06:00:00.000Z'],
  ['2026-12-01T23:30:00Z', '2026-12-02T06:00:00.000Z'],
  ['2026-12-02T05:59:59Z', '2026-12-02T06:00:00.000Z'],
  ['2026-12-02T06:00:00Z', null],
])('from 22:00 to 07:00 in Warsaw, at %s it is quiet until %s', (now, end) => {
  expect(until(now, '22:00', '07:00', 'Europe/Warsaw')).toBe(end)
})

test.each([
  ['2026-12-01T12:59:00Z', null],
  ['2026-12-01T13:00:00Z', '2026-12-01T14:30:00.000Z'],
  ['2026-12-01T14:30:00Z', null],
])('within a day, at %s it is quiet until %s', (now, end) => {
  expect(until(now, '13:00', '14:30', 'UTC')).toBe(end)
})

test('quiet hours on the night of a clock change are shorter or longer, by the wall clock', () => {
  expect(until('2027-03-27T22:00:00Z', '22:00', '07:00', 'Europe/Warsaw')).toBe('2027-03-28T05:00:00.000Z')
  expect(until('2027-10-30T21:00:00Z', '22:00', '07:00', 'Europe/Warsaw')).toBe('2027-10-31T06:00:00.000Z')
  // An end within the skipped hour comes when the clock jumps forward.
  expect(until('2027-03-28T00:30:00Z', '22:00', '02:30', 'Europe/Warsaw')).toBe('2027-03-28T01:30:00.000Z')
})

test('across the date line it is the user’s own night', () => {
  expect(until('2026-12-01T10:00:00Z', '22:00', '06:00', 'Pacific/Auckland')).toBe('2026-12-01T17:00:00.000Z')
})

test('quiet hours are shown as they were saved', () => {
  const hours = { start: '00:05', end: '23:59', timeZone: 'Europe/Athens' }
  expect(shownOf(storedOf(hours))).toEqual(hours)
})
