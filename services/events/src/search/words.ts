const WORD_LENGTH_MAX = 64
const WORDS_MAX = 20
/** Of one text's vector: a description of 10,000 characters has some 1,700 words, one of ligatures could have many times that. */
const VECTOR_WORDS_MAX = 4_000
const WORD_POSITIONS_MAX = 100

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

/** The first `max` words of a text. */
const wordsOf = (text: string, max: number): string[] => {
  const words: string[] = []
  for (const [word] of plain(text).matchAll(/[\p{L}\p{N}]+/gu)) {
    if (words.length === max) break
    words.push([...word.slice(0, 2 * WORD_LENGTH_MAX)].slice(0, WORD_LENGTH_MAX).join(''))
  }
  return words
}

/** "O'Brien" is found as "o brien" and as "obrien". Begins where a word does: anywhere else would be tried in vain, again and again. */
const joinedIn = (text: string): string =>
  Array.from(text.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]+(?:['’ʼ][\p{L}\p{N}]+)+/gu), ([word]) =>
    word.replace(/['’ʼ]/g, ''),
  ).join(' ')

const withJoined = (text: string, max: number): string[] => {
  const words = wordsOf(text, max)
  return words.concat(wordsOf(joinedIn(text), max - words.length))
}

type Weight = 'A' | 'B' | 'C' | 'D'

/** The `tsvector` of texts, each with its weight: our own words, so that no database's language or locale has a say in them. */
function vectorOf(parts: readonly (readonly [text: string, weight: Weight])[]): string {
  const positions = new Map<string, string[]>()
  let position = 0
  for (const [text, weight] of parts) {
    for (const word of withJoined(text, VECTOR_WORDS_MAX - position)) {
      position++
      const at = positions.get(word)
      if (!at) positions.set(word, [`${position}${weight}`])
      else if (at.length < WORD_POSITIONS_MAX) at.push(`${position}${weight}`)
    }
  }
  return [...positions].map(([word, at]) => `'${word}':${at.join(',')}`).join(' ')
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
  const words = wordsOf(text, WORDS_MAX)
  if (words.length === 0) return null
  return {
    beginnings: words.map((word) => `'${word}':*${weight}`).join(' & '),
    wholes: words.map((word) => `'${word}'`).join(' | '),
  }
}
