import { asciiDigits } from '@boxoffice/contracts'

const WORD_LENGTH_MAX = 64
const WORDS_MAX = 20
/**
 * Words per text: a description of 10,000 characters has some 1,700, one of ligatures could have many times
 * that.
 */
const VECTOR_WORDS_MAX = 4_000
const WORD_POSITIONS_MAX = 100

/** Raise with every change of the rules: older rows are indexed again. */
export const SEARCH_RULES = 2

/**
 * Letters that Unicode does not decompose although people type them without the accent, and other shapes of
 * letters.
 */
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
  // Regional and dotless shapes of Arabic letters. The tatweel only stretches.
  ٱ: 'ا',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
  ہ: 'ه',
  ھ: 'ه',
  ـ: '',
}
const special = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu')

/**
 * Marks that people omit when typing: accents, vowels of Arabic and Hebrew, nuktas of India. Vowel signs of
 * other scripts are letters, and so are the two marks that change the syllable of a kana.
 */
const ACCENTS = new RegExp(
  String.raw`(?=\p{M})(?![\u3099\u309a])` +
    String.raw`[\p{sc=Zinh}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}` +
    String.raw`\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc]`,
  'gu',
)
/**
 * Invisible characters except the non-joiner, which separates the halves of Persian words that others write
 * with a space, or joined.
 */
const UNSEEN = /(?!\u200c)\p{Cf}/gu
const KATAKANA_TO_HIRAGANA = 0x60

/** Normalizes a text for comparison: lower case, no accents, plain digits. "Żółć" and "zolc" are equal. */
const plain = (text: string): string =>
  asciiDigits(text.normalize('NFKD').toLowerCase())
    .replace(/\u200b/g, ' ')
    .replace(UNSEEN, '')
    .replace(ACCENTS, '')
    .replace(special, (letter) => PLAIN[letter] ?? letter)
    .normalize('NFC')
    .replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - KATAKANA_TO_HIRAGANA))

/** Scripts without spaces between words, which are indexed by pairs of adjacent characters. */
const UNSPACED = ['Hani', 'Hira', 'Kana', 'Bopo', 'Thai', 'Laoo', 'Khmr', 'Mymr']
  .map((script) => String.raw`\p{scx=${script}}`)
  .join('')
const RUNS = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, 'gu')
const isUnspaced = new RegExp(`^[${UNSPACED}]`, 'u')
const PARTS = /[\p{L}\p{N}\p{M}]+/gu

/**
 * A part between spaces: its words, and all of them joined if signs separate them: "AC/DC" is ac, dc and
 * acdc.
 */
interface Chunk {
  readonly words: readonly string[]
  readonly joined: string | null
}

/** Yields the chunks of a text, up to `max` words. */
function* chunksOf(text: string, max: number): Generator<Chunk> {
  let left = max
  for (const [chunk] of plain(text).matchAll(/\S+/gu)) {
    if (left <= 0) return
    const words: string[] = []
    let parts = 0
    let joined = ''
    for (const [part] of chunk.matchAll(PARTS)) {
      if (words.length >= left) break
      parts++
      for (const [run] of part.matchAll(RUNS)) {
        if (isUnspaced.test(run)) words.push(...pairsOf(run, left - words.length))
        else {
          words.push(cut(run))
          if (joined.length < 2 * WORD_LENGTH_MAX) joined += run
        }
      }
    }
    left -= words.length
    if (words.length > 0) yield { words, joined: parts > 1 && joined !== '' ? cut(joined) : null }
  }
}

const cut = (word: string): string =>
  [...word.slice(0, 2 * WORD_LENGTH_MAX)].slice(0, WORD_LENGTH_MAX).join('')

/**
 * Returns the pairs of adjacent characters, and the last character, so that one alone finds the start of a
 * pair.
 */
function pairsOf(run: string, max: number): string[] {
  const characters = [...run.slice(0, 2 * max + 2)].slice(0, max + 1)
  return characters.map((character, at) => character + (characters[at + 1] ?? '')).slice(0, max)
}

/** Returns the words of a text, then the joined ones, up to `max`. */
function wordsOf(text: string, max: number): string[] {
  const words: string[] = []
  const joined: string[] = []
  for (const chunk of chunksOf(text, max)) {
    words.push(...chunk.words)
    if (chunk.joined) joined.push(chunk.joined)
  }
  return words.concat(joined).slice(0, max)
}

type Weight = 'A' | 'B' | 'C' | 'D'

/**
 * Returns the `tsvector` of weighted texts from our own words, independent of the database's language and
 * locale.
 */
function vectorOf(parts: readonly (readonly [text: string, weight: Weight])[]): string {
  const positions = new Map<string, string[]>()
  let position = 0
  for (const [text, weight] of parts) {
    for (const word of wordsOf(text, VECTOR_WORDS_MAX - position)) {
      position++
      const at = positions.get(word)
      if (!at) positions.set(word, [`${position}${weight}`])
      else if (at.length < WORD_POSITIONS_MAX) at.push(`${position}${weight}`)
    }
  }
  return [...positions].map(([word, at]) => `'${word}':${at.join(',')}`).join(' ')
}

/** Returns the search vector of an event: name first, then place, category, description. */
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

/** A search as two `tsquery`s: every word as a prefix, and any word as a whole (which rank higher). */
export interface Search {
  beginnings: string
  wholes: string
}

/** Parses a search text; null if it has no words. `weight`: search only texts of that weight. */
export function searchOf(text: string, weight: Weight | '' = ''): Search | null {
  const chunks = [...chunksOf(text, WORDS_MAX)]
  if (chunks.length === 0) return null
  const beginning = (word: string) => `'${word}':*${weight}`
  const wholes = chunks.flatMap(({ words, joined }) => (joined === null ? words : [...words, joined]))
  return {
    beginnings: chunks
      .map(({ words, joined }) => {
        const all = words.map(beginning).join(' & ')
        return joined === null ? all : `((${all}) | ${beginning(joined)})`
      })
      .join(' & '),
    wholes: wholes.map((word) => `'${word}'`).join(' | '),
  }
}
