import {
  longNames,
  refusedAddresses,
  refusedNames,
  refusedPhones,
  refusedSeatLabels,
  refusedTimes,
  seatLabels,
  twinLabels,
  writtenAddresses,
  writtenNames,
  writtenPhones,
  writtenTimes,
} from '@boxoffice/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import {
  addressOf,
  cutLine,
  Email,
  graphemesOf,
  Instant,
  labelKey,
  line,
  lines,
  NewSeatingPlan,
  SeatId,
  SeatLabel,
  seatIdOf,
  seatOfId,
  shownLine,
  TimeZone,
  TypedPhone,
} from '../index.ts'

const messageOf = (schema: z.ZodType, typed: unknown) => schema.safeParse(typed).error?.issues[0]?.message

describe('a line', () => {
  test.each(writtenNames)('$why: $typed', ({ typed, kept = typed }) => {
    expect(line(100).parse(typed)).toBe(kept)
    expect(line(100).parse(kept), 'and stays so').toBe(kept)
    expect(lines(100).parse(`${kept}\n${kept}`)).toBe(`${kept}\n${kept}`)
    expect(shownLine(100).parse(kept)).toBe(kept)
  })
  test.each(refusedNames)('$typed is invalid, and the message says why', ({ typed, error }) => {
    expect(messageOf(line(100), typed)).toMatch(error)
  })
  test.each(longNames)('%s has the maximum length in visible characters', (name) => {
    expect(line(100).parse(name)).toBe(name)
    expect(messageOf(line(100), `${name}${graphemesOf(name)[0]}`)).toMatch(/at most 100/)
    expect(cutLine(`${name}${name}`, 100)).toBe(name)
  })
  test('of excessive length is refused before it is parsed', () => {
    for (const character of [' ', '\u200b', '\u0301', 'e\u0301', '👩‍👩‍👧‍👦', '\u2066'])
      expect(messageOf(line(100), `a${character.repeat(1_000_000)}b`)).toMatch(/at most 100/)
  })
  test('several may be indented, with line ends of any platform', () => {
    expect(lines(100).parse(' one\r\n\ttwo\u2028three \u202afour\u202c\n ')).toBe('one\r\n\ttwo\nthree four')
    expect(lines(100).parse('')).toBe('')
    expect(messageOf(lines(100), 'one\u0000')).toMatch(/control/)
    expect(messageOf(lines(100), '🎻'.repeat(101))).toMatch(/at most 100/)
  })
})

describe('an address', () => {
  const spellings = writtenAddresses.flatMap(({ kept, typed }) =>
    typed.map((spelling) => [spelling, kept] as const),
  )
  test.each(spellings)('%j is %s', (typed, kept) => {
    expect(Email.parse(typed)).toBe(kept)
    expect(addressOf(kept), 'and stays so').toBe(kept)
  })
  test.each(refusedAddresses)('$typed is invalid, and the message says why', ({ typed, error }) => {
    expect(messageOf(Email, typed)).toMatch(error)
  })
})

describe('a telephone number', () => {
  test.each(writtenPhones)('$typed is accepted unchanged', ({ typed }) => {
    const once = TypedPhone.parse(typed)
    expect(once).toMatch(/^[\x20-\x7e]+$/)
    expect(TypedPhone.parse(once)).toBe(once)
  })
  test.each(refusedPhones.filter(({ error }) => /such|extension|letters/.test(error.source)))(
    '$typed is invalid, and the message says why',
    ({ typed, error }) => {
      expect(messageOf(TypedPhone, typed)).toMatch(error)
    },
  )
})

describe("a seat's label", () => {
  test.each(seatLabels)('$why: $typed', ({ typed, kept = typed }) => {
    expect(SeatLabel.parse(typed)).toBe(kept)
    expect(SeatLabel.parse(kept), 'and stays so').toBe(kept)
    const seat = { zoneId: 12, rowLabel: kept, colLabel: kept }
    const seatId = seatIdOf(seat)
    expect(SeatId.parse(seatId)).toBe(seatId)
    expect(seatId.split('-')).toHaveLength(3)
    expect(seatOfId(seatId)).toEqual(seat)
  })
  test.each(refusedSeatLabels)('%j is invalid', (typed) => {
    expect(messageOf(SeatLabel, typed)).toMatch(/1 to 12 letters and digits/)
    expect(SeatId.safeParse(`1-A-${typed}`).success, 'but for what an id has in place of a hyphen').toBe(
      typed === 'A_1',
    )
  })
  test.each(twinLabels)('%j and %j are the same', (one, other) => {
    expect(labelKey(SeatLabel.parse(one))).toBe(labelKey(SeatLabel.parse(other)))
    const row = (rowLabel: string) => ({ rowLabel, seats: [{ colLabel: '1' }] })
    const plan = { zones: [{ zoneId: 1, name: 'Stalls', rows: [row(one), row(other)] }] }
    expect(NewSeatingPlan.safeParse(plan).error?.issues).toMatchObject([
      { path: ['zones', 0, 'rows', 1, 'rowLabel'], message: 'is there twice' },
    ])
    const seats = {
      zones: [
        {
          zoneId: 1,
          name: 'Stalls',
          rows: [{ rowLabel: 'A', seats: [{ colLabel: one }, { colLabel: other }] }],
        },
      ],
    }
    expect(NewSeatingPlan.safeParse(seats).error?.issues).toMatchObject([
      { path: ['zones', 0, 'rows', 0, 'seats', 1, 'colLabel'] },
    ])
  })
  test('that look different are different', () => {
    const keys = seatLabels.map(({ typed }) => labelKey(SeatLabel.parse(typed)))
    expect(new Set(keys).size).toBe(new Set(seatLabels.map(({ typed, kept = typed }) => kept)).size)
  })
})

describe('a time', () => {
  const spellings = writtenTimes.flatMap(({ kept, typed }) =>
    typed.map((spelling) => [spelling, kept] as const),
  )
  test.each(spellings)('%j is %s', (typed, kept) => {
    expect(z.decode(Instant, typed).toISOString()).toBe(kept)
  })
  test.each(refusedTimes)('%j is invalid', (typed) => {
    expect(z.safeDecode(Instant, typed).success).toBe(false)
  })
})

describe('a time zone', () => {
  test.each([
    ['Europe/Warsaw', 'Europe/Warsaw'],
    ['europe/warsaw', 'Europe/Warsaw'],
    [' EUROPE/WARSAW ', 'Europe/Warsaw'],
    ['america/argentina/buenos_aires', 'America/Argentina/Buenos_Aires'],
    ['america/port-au-prince', 'America/Port-au-Prince'],
    ['utc', 'UTC'],
    ['etc/gmt+1', 'Etc/GMT+1'],
    // A link stays the name that was written: both are IANA's.
    ['asia/calcutta', 'Asia/Calcutta'],
    ['asia/kolkata', 'Asia/Kolkata'],
    ['europe/kyiv', 'Europe/Kyiv'],
    ['europe/kiev', 'Europe/Kiev'],
  ])('%j is kept as %s', (typed, kept) => {
    expect(TimeZone.parse(typed)).toBe(kept)
  })
})
