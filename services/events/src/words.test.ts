import { cpuMsOf } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { searchOf, vectorOfEvent, vectorOfVenue } from './words.ts'

test.each([
  ['Żółć', "'zolc':*"],
  ['  JAZZ, fest!  ', "'jazz':* & 'fest':*"],
  ['Straße Ærø', "'strasse':* & 'aero':*"],
  ['İstanbul', "'istanbul':*"],
  ['ﬁlm ２０２６', "'film':* & '2026':*"],
  ['ΟΔΟΣ οδός', "'οδοσ':* & 'οδοσ':*"],
  ["'; drop table events; --", "'drop':* & 'table':* & 'events':*"],
])('%j is searched for as %s', (text, beginnings) => {
  expect(searchOf(text)?.beginnings).toBe(beginnings)
})

test.each(["' & | ! : * \\", '', ' \u0000 ', '😀'])('there are no search words in %j', (text) => {
  expect(searchOf(text)).toBeNull()
})

test('the number and length of search words are limited', () => {
  expect(searchOf('a '.repeat(100))?.beginnings.split(' & ')).toHaveLength(20)
  expect(searchOf('x'.repeat(200))?.wholes).toBe(`'${'x'.repeat(64)}'`)
})

test('words of a name weigh more than those of the place, the category and the description', () => {
  const event = {
    name: 'Night',
    venueName: 'Klub',
    venueAddress: 'Łódź',
    category: 'MUSIC',
    description: 'All night',
  }
  expect(vectorOfEvent(event)).toBe("'night':1A,6D 'klub':2B 'lodz':3B 'music':4C 'all':5D")
})

test('a name with an apostrophe is found in one word and in two', () => {
  expect(vectorOfVenue({ name: "O'Brien’s", address: 'x', city: null })).toBe(
    "'o':1A 'brien':2A 's':3A 'obriens':4A 'x':5B",
  )
})

const event = { name: 'Night', venueName: 'Klub', venueAddress: 'Łódź', category: 'MUSIC' }
test.each([
  ['signs that stand for four words each', '\ufdfa'],
  ['letters without a space', '漢'],
  ['one word again and again', 'a '],
  ['words and apostrophes', "a'"],
])('a description of %s takes linear time and is bounded', (_, part) => {
  const vectorOf = (length: number) =>
    vectorOfEvent({ ...event, description: part.repeat(length / part.length) })
  const cpuMs = (length: number) => cpuMsOf(() => vectorOf(length))
  expect(cpuMs(40_000)).toBeLessThan(10 * cpuMs(10_000)) // sixteen times would be quadratic
  expect(vectorOf(10_000).match(/\d+D/g)?.length ?? 0).toBeLessThanOrEqual(4_000)
  expect(vectorOf(10_000)).toContain("'night':1A 'klub':2B 'lodz':3B 'music':4C")
})
