const WORD_LENGTH_MAX = 64
const WORDS_MAX = 20
const POSITION_MAX = 16_383

/** Letters that are no letter with an accent to Unicode, although people type them so. */
const PLAIN: Record<string, string> = {
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ς: 'σ',
}
const special = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu')

/** A text as it is compared: in lower case and without accents. "Żółć" and "zolc" are the same. */
const plain = (text: string) =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(special, (letter) => PLAIN[letter] ?? letter)

const wordsOf = (text: string) =>
  (plain(text).match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => [...word].slice(0, WORD_LENGTH_MAX).join(''))

/** "O'Brien" is found as "o brien" and as "obrien". */
const withJoined = (text: string) => {
  const joined = text.match(/[\p{L}\p{N}]+(?:['’ʼ][\p{L}\p{N}]+)+/gu) ?? []
  return [...wordsOf(text), ...joined.flatMap((word) => wordsOf(word.replace(/['’ʼ]/g, '')))]
}

type Weight = 'A' | 'B' | 'C' | 'D'

/** The `tsvector` of texts, each with its weight: our own words, so that no database's language or locale has a say in them. */
function vectorOf(parts: readonly (readonly [text: string, weight: Weight])[]): string {
  const positions = new Map<string, string[]>()
  let position = 0
  for (const [text, weight] of parts) {
    for (const word of withJoined(text)) {
      position = Math.min(position + 1, POSITION_MAX)
      positions.set(word, [...(positions.get(word) ?? []), `${position}${weight}`])
    }
  }
  return [...positions].map(([word, at]) => `'${word}':${at.slice(0, 100).join(',')}`).join(' ')
}

/** What an event is found by: its name first, then its place, its category, its description. */
export const vectorOfEvent = (event: {
  name: string
  venueName: string
  venueAddress: string
  category: string
  description: string
}): string =>
  vectorOf([
    [event.name, 'A'],
    [`${event.venueName} ${event.venueAddress}`, 'B'],
    [event.category, 'C'],
    [event.description, 'D'],
  ])

export const vectorOfVenue = (venue: { name: string; address: string; city: string | null }): string =>
  vectorOf([
    [venue.name, 'A'],
    [`${venue.address} ${venue.city ?? ''}`, 'B'],
  ])

/** What somebody looks for, as two `tsquery`s: every word as a beginning, and any word as a whole (those rank higher). */
export interface Wanted {
  beginnings: string
  wholes: string
}

/** null where there is no word in it. `weight`: only in texts of that weight. */
export function wantedOf(text: string, weight: Weight | '' = ''): Wanted | null {
  const words = wordsOf(text).slice(0, WORDS_MAX)
  if (words.length === 0) return null
  return {
    beginnings: words.map((word) => `'${word}':*${weight}`).join(' & '),
    wholes: words.map((word) => `'${word}'`).join(' | '),
  }
}
