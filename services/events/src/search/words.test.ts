import { expect, test } from 'vitest'
import { vectorOfEvent, vectorOfVenue, wantedOf } from './words.ts'

test.each([
  ['Żółć', "'zolc':*"],
  ['  JAZZ, fest!  ', "'jazz':* & 'fest':*"],
  ['Straße Ærø', "'strasse':* & 'aero':*"],
  ['İstanbul', "'istanbul':*"],
  ['ﬁlm ２０２６', "'film':* & '2026':*"],
  ['ΟΔΟΣ οδός', "'οδοσ':* & 'οδοσ':*"],
  ["'; drop table events; --", "'drop':* & 'table':* & 'events':*"],
])('%j is looked for as %s', (text, beginnings) => {
  expect(wantedOf(text)?.beginnings).toBe(beginnings)
})

test.each(["' & | ! : * \\", '', ' \u0000 ', '😀'])('there is nothing to look for in %j', (text) => {
  expect(wantedOf(text)).toBeNull()
})

test('as many words are looked for as make sense, none of them endless', () => {
  expect(wantedOf('a '.repeat(100))?.beginnings.split(' & ')).toHaveLength(20)
  expect(wantedOf('x'.repeat(200))?.wholes).toBe(`'${'x'.repeat(64)}'`)
})

test('words of a name weigh more than those of the place, the category and the description', () => {
  const event = { name: 'Night', venueName: 'Klub', venueAddress: 'Łódź', category: 'MUSIC', description: 'All night' }
  expect(vectorOfEvent(event)).toBe("'night':1A,6D 'klub':2B 'lodz':3B 'music':4C 'all':5D")
})

test('a name with an apostrophe is found in one word and in two', () => {
  expect(vectorOfVenue({ name: "O'Brien’s", address: 'x', city: null })).toBe("'o':1A 'brien':2A 's':3A 'obriens':4A 'x':5B")
})

const event = { name: 'Night', venueName: 'Klub', venueAddress: 'Łódź', category: 'MUSIC' }
test.each([
  ['signs that stand for four words each', '\ufdfa'.repeat(10_000)],
  ['letters without a space', '漢'.repeat(10_000)],
  ['one word again and again', 'a '.repeat(5_000)],
  ['words and apostrophes', "a'".repeat(5_000)],
])('a description of %s takes no time to speak of, and is bounded', (_, description) => {
  const fastest = Math.min(
    ...Array.from({ length: 3 }, () => {
      const begun = performance.now()
      vectorOfEvent({ ...event, description })
      return performance.now() - begun
    }),
  )
  expect(fastest).toBeLessThan(100)
  expect(vectorOfEvent({ ...event, description }).match(/\d+D/g)?.length ?? 0).toBeLessThanOrEqual(4_000)
  expect(vectorOfEvent({ ...event, description })).toContain("'night':1A 'klub':2B 'lodz':3B 'music':4C")
})
