import { asciiDigits } from '@boxoffice/contracts'

const WORD_LENGTH_MAX = 64
const WORDS_MAX = 20
/**
 * Of one text's vector: a description of 10,000 characters has some 1,700 words, one of ligatures could have
 * many times that.
 */
const VECTOR_WORDS_MAX = 4_000
const WORD_POSITIONS_MAX = 100

/** Raised with every change of what words are: those that were made otherwise are made anew. */
export const SEARCH_RULES = 2

/**
 * Letters that are no letter with an accent to Unicode, although people type them so, and other shapes of a
 * letter.
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
  // Shapes that an Arabic letter has in other countries, or without its dots. The tatweel only stretches.
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
 * Marks that people leave out when they type: accents, the vowels of Arabic and Hebrew, the nuktas of India.
 * Vowel signs of other scripts are letters to those who read them, and so are the two marks that make another
 * syllable of a kana.
 */
const ACCENTS = new RegExp(
  String.raw`(?=\p{M})(?![\u3099\u309a])[\p{sc=Zinh}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}` +
    String.raw`\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc]`,
  'gu',
)
/**
 * What is not seen, but for the non-joiner: it parts the halves of a word in Persian, which others write with
 * a space, or as one.
 */
const UNSEEN = /(?!\u200c)\p{Cf}/gu
const KATAKANA_TO_HIRAGANA = 0x60

/**
 * A text as it is compared: in lower case, without accents, in plain digits. "Żółć" and "zolc" are the same.
 */
const plain = (text: string): string =>
  asciiDigits(text.normalize('NFKD').toLowerCase())
    .replace(/\u200b/g, ' ')
    .replace(UNSEEN, '')
    .replace(ACCENTS, '')
    .replace(special, (letter) => PLAIN[letter] ?? letter)
    .normalize('NFC')
    .replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - KATAKANA_TO_HIRAGANA))

/** Scripts that write no spaces between words: what is found there is any two characters side by side. */
const UNSPACED = String.raw`\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}`
const RUNS = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, 'gu')
const isUnspaced = new RegExp(`^[${UNSPACED}]`, 'u')
const PARTS = /[\p{L}\p{N}\p{M}]+/gu

/**
 * What stands between two spaces: the words in it, and all of them in one where signs part them: "AC/DC" is
 * ac, dc, and acdc.
 */
interface Chunk {
  readonly words: readonly string[]
  readonly joined: string | null
}

/** The chunks of a text with at most `max` words, each looked at once. */
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

/** Any two characters side by side, and the last one: the beginning of a pair is found by one alone. */
function pairsOf(run: string, max: number): string[] {
  const characters = [...run.slice(0, 2 * max + 2)].slice(0, max + 1)
  return characters.map((character, at) => character + (characters[at + 1] ?? '')).slice(0, max)
}

/** The words of a text, then the joined ones, as many as `max`. */
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
 * The `tsvector` of texts, each with its weight: our own words, so that no database's language or locale has
 * a say in them.
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

/**
 * What somebody looks for, as two `tsquery`s: every word as a beginning, and any word as a whole (those rank
 * higher).
 */
export interface Wanted {
  beginnings: string
  wholes: string
}

/** null where there is no word in it. `weight`: only in texts of that weight. */
export function wantedOf(text: string, weight: Weight | '' = ''): Wanted | null {
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
