import type { Written } from './names.ts'

// Labels of rows and seats, from the plans of theatres, stadiums and trains.

export const seatLabels: readonly Written[] = [
  { typed: 'A', why: 'a letter' },
  { typed: '12', why: 'a number' },
  { typed: 'AA', why: 'after Z' },
  { typed: '12a', why: 'a seat added in between' },
  { typed: 'Ä', why: 'after Z in Sweden' },
  { typed: 'A\u0308', kept: 'Ä', why: 'the same as a letter with a combining mark' },
  { typed: 'A-1', why: 'a hyphen' },
  { typed: 'A‑1', kept: 'A-1', why: 'a non-breaking hyphen' },
  { typed: 'A–1', kept: 'A-1', why: 'a dash' },
  { typed: '12/13', why: 'a seat for two' },
  { typed: '12／13', kept: '12/13', why: 'the same on a Japanese keyboard' },
  { typed: 'Nr. 3', why: 'a dot and a space' },
  { typed: 'Loge 3', why: 'a space' },
  { typed: ' Loge  3 ', kept: 'Loge 3', why: 'spaces around and between' },
  { typed: 'Loge Mitte 3', why: 'twelve characters' },
  { typed: 'Ряд 7', why: 'Cyrillic' },
  { typed: 'Ω', why: 'Greek' },
  { typed: 'א', why: 'Hebrew' },
  { typed: 'صف ٣', why: 'Arabic, with its own digits' },
  { typed: 'ก', why: 'Thai' },
  { typed: 'ที่ ๑', why: 'Thai with its marks' },
  { typed: 'い', why: 'Japanese' },
  { typed: '一階', why: 'Chinese' },
  { typed: '가', why: 'Korean' },
  { typed: 'क्षि', why: 'Devanagari: one character of four' },
  { typed: 'Ⅻ', why: 'a number in letters' },
]

export const refusedSeatLabels: readonly string[] = [
  '',
  ' ',
  '-',
  '-1',
  '1-',
  'A_1',
  'A,1',
  'A;1',
  'A:1',
  '=1',
  '"A"',
  "A'",
  'A\n1',
  'A\u0000',
  '🎻',
  '\u0301',
  'Loge Mitte 34',
  'x'.repeat(100_000),
  'A\u202e1',
]

/** Labels that are indistinguishable at a door: a row or seat is refused if the other exists. */
export const twinLabels: readonly (readonly [string, string])[] = [
  ['A', 'a'],
  ['Ä', 'A\u0308'],
  ['A-1', 'A‑1'],
  ['Loge 3', 'loge  3'],
  ['Straße', 'STRASSE'],
  ['Ⅻ', 'XII'],
  ['ΟΔΟΣ', 'οδος'],
  ['Ａ', 'A'],
]
