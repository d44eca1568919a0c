import { graphemesOf } from './clusters.ts'

/** Scripts that the document's own fonts draw. */
const OWN = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u

/**
 * Scripts with faces of their own, by their Unicode names; `Han` includes what is written beside it in
 * Chinese, Japanese or Korean.
 */
const SCRIPTS = {
  Han: /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Hangul}\p{scx=Yi}]/u,
  Arabic: /\p{scx=Arabic}/u,
  Hebrew: /\p{scx=Hebrew}/u,
  Armenian: /\p{scx=Armenian}/u,
  Georgian: /\p{scx=Georgian}/u,
  Devanagari: /\p{scx=Devanagari}/u,
  Bengali: /\p{scx=Bengali}/u,
  Gurmukhi: /\p{scx=Gurmukhi}/u,
  Gujarati: /\p{scx=Gujarati}/u,
  Oriya: /\p{scx=Oriya}/u,
  Tamil: /\p{scx=Tamil}/u,
  Telugu: /\p{scx=Telugu}/u,
  Kannada: /\p{scx=Kannada}/u,
  Malayalam: /\p{scx=Malayalam}/u,
  Sinhala: /\p{scx=Sinhala}/u,
  Thai: /\p{scx=Thai}/u,
  Lao: /\p{scx=Lao}/u,
  Khmer: /\p{scx=Khmer}/u,
  Myanmar: /\p{scx=Myanmar}/u,
  Tibetan: /\p{scx=Tibetan}/u,
  Ethiopic: /\p{scx=Ethiopic}/u,
  Thaana: /\p{scx=Thaana}/u,
  Syriac: /\p{scx=Syriac}/u,
  Cherokee: /\p{scx=Cherokee}/u,
  Mongolian: /\p{scx=Mongolian}/u,
} as const satisfies Record<string, RegExp>
export type Script = keyof typeof SCRIPTS | 'Emoji'
const scripts = Object.entries(SCRIPTS) as [keyof typeof SCRIPTS, RegExp][]

/** Drawn as an image: an emoji by default, or a character followed by the emoji selector. */
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}/u

/**
 * Returns the script of each grapheme by its index; null for scripts of the document's own fonts, and for
 * signs of no script.
 */
export function scriptsOf(text: string): ReadonlyMap<number, Script | null> {
  const found = new Map<number, Script | null>()
  let before: Script | null = null
  for (const { segment, index } of graphemesOf(text)) {
    const script = scriptOf(segment, before)
    found.set(index, script)
    before = script
  }
  return found
}

/** Signs used with letters of many scripts; the document's own fonts draw them where there is no other. */
const SIGN = /^[\u0020-\u02ff\u2010-\u2027\u2030-\u205e\u2070-\u2bff]/

/** A sign of several scripts, such as the Indic danda, takes the script before it. */
function scriptOf(grapheme: string, before: Script | null): Script | null {
  if (EMOJI.test(grapheme)) return 'Emoji'
  if (OWN.test(grapheme)) return null
  const matching = scripts.filter(([, pattern]) => pattern.test(grapheme)).map(([name]) => name)
  const same = matching.find((name) => name === before)
  return same ?? (SIGN.test(grapheme) ? null : (matching[0] ?? null))
}

/** Chinese characters have four regional forms; the text of a name alone does not tell which. */
export type Han = 'jp' | 'kr' | 'sc' | 'tc'

const BY_LETTERS: readonly [Han, RegExp][] = [
  ['jp', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['kr', /\p{Script=Hangul}/u],
  ['tc', /\p{Script=Bopomofo}/u],
]
const BY_ZONE: Readonly<Record<string, Han>> = {
  'Asia/Tokyo': 'jp',
  'Asia/Seoul': 'kr',
  'Asia/Pyongyang': 'kr',
  'Asia/Taipei': 'tc',
  'Asia/Hong_Kong': 'tc',
  'Asia/Macau': 'tc',
}

/**
 * Returns the regional form of Chinese characters: by the other letters of the text, else by the place of the
 * event.
 */
export const hanOf = (text: string, timeZone: string): Han =>
  BY_LETTERS.find(([, letters]) => letters.test(text))?.[0] ?? BY_ZONE[timeZone] ?? 'sc'
