import { expect, test } from 'vitest'
import { EVENT_LENGTH_HOURS, isOver, overAt } from './event.ts'

const eventDate = new Date('2027-06-01T18:00:00Z')
const after = (hours: number, ms = 0) => new Date(eventDate.getTime() + hours * 3_600_000 + ms)

test('an event is over at its end, or some hours after its start if it has no end', () => {
  expect(overAt({ eventDate, endDate: after(3) })).toEqual(after(3))
  for (const event of [{ eventDate }, { eventDate, endDate: null }, { eventDate, endDate: undefined }]) {
    expect(overAt(event)).toEqual(after(EVENT_LENGTH_HOURS))
    expect(isOver(event, after(EVENT_LENGTH_HOURS, -1))).toBe(false)
    expect(isOver(event, after(EVENT_LENGTH_HOURS))).toBe(true)
  }
})
