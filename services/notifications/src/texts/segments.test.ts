import { expect, test } from 'vitest'
import { segmentsOf, withPlainSigns } from './segments.ts'

test.each([
  ['', 1],
  ['a'.repeat(160), 1],
  ['a'.repeat(161), 2],
  ['a'.repeat(306), 2],
  ['a'.repeat(307), 3],
  ['€'.repeat(80), 1],
  ['€'.repeat(81), 2],
  ['ΔΦΓΛΩΠΨΣΘΞ'.repeat(16), 1],
  ['ä'.repeat(160), 1],
  ['ą'.repeat(70), 1],
  ['ą'.repeat(71), 2],
  ['ą'.repeat(134), 2],
  ['ą'.repeat(135), 3],
  ['席'.repeat(70), 1],
  ['🎻'.repeat(35), 1],
  // Splitting it between two messages would break it: 33 of them are 66 of 67.
  ['🎻'.repeat(66), 2],
  ['🎻'.repeat(67), 3],
  // An escape is not split either: 76 of them are 152 of 153.
  ['€'.repeat(152), 2],
  ['€'.repeat(153), 3],
])('%j travels in %i', (text, segments) => {
  expect(segmentsOf(text)).toBe(segments)
})

test.each([
  ['O’Brien’s “quiz” – tonight…', `O'Brien's "quiz" - tonight...`],
  ['Święto – „Światła”', 'Święto – „Światła”'],
  ['Café 20\u00a0€', 'Café 20 €'],
])('%j is sent as %j', (text, sent) => {
  expect(withPlainSigns(text)).toBe(sent)
})
