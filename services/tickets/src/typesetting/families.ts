import type { TextWeight } from './fonts.ts'
import type { Han, Script } from './scripts.ts'

/** Fonts of Noto as npm packages, under the SIL Open Font License. */
const FAMILIES = {
  Arabic: 'noto-sans-arabic',
  Armenian: 'noto-sans-armenian',
  Bengali: 'noto-sans-bengali',
  Cherokee: 'noto-sans-cherokee',
  Devanagari: 'noto-sans-devanagari',
  Emoji: 'noto-emoji',
  Ethiopic: 'noto-sans-ethiopic',
  Georgian: 'noto-sans-georgian',
  Gujarati: 'noto-sans-gujarati',
  Gurmukhi: 'noto-sans-gurmukhi',
  Hebrew: 'noto-sans-hebrew',
  Kannada: 'noto-sans-kannada',
  Khmer: 'noto-sans-khmer',
  Lao: 'noto-sans-lao',
  Malayalam: 'noto-sans-malayalam',
  Mongolian: 'noto-sans-mongolian',
  Myanmar: 'noto-sans-myanmar',
  Oriya: 'noto-sans-oriya',
  Sinhala: 'noto-sans-sinhala',
  Syriac: 'noto-sans-syriac',
  Tamil: 'noto-sans-tamil',
  Telugu: 'noto-sans-telugu',
  Thaana: 'noto-sans-thaana',
  Thai: 'noto-sans-thai',
  Tibetan: 'noto-serif-tibetan',
} as const satisfies Record<Exclude<Script, 'Han'>, string>

const HAN: readonly Han[] = ['sc', 'tc', 'jp', 'kr']
const OTHERS = [
  'noto-sans',
  'noto-sans-math',
  'noto-sans-symbols',
  'noto-sans-symbols-2',
  'noto-emoji',
] as const

export type FamilyName =
  | (typeof FAMILIES)[keyof typeof FAMILIES]
  | `noto-sans-${Han}`
  | (typeof OTHERS)[number]

/** Families without a variable font have a file for each weight, or for one. */
export const STATIC: Partial<Readonly<Record<FamilyName, readonly TextWeight[]>>> = {
  'noto-emoji': ['regular', 'bold'],
  'noto-sans-math': ['regular'],
  'noto-sans-mongolian': ['regular'],
  'noto-sans-myanmar': ['regular', 'bold'],
  'noto-sans-symbols-2': ['regular'],
}

const hanFamilies = (han: Han): FamilyName[] =>
  [han, ...HAN.filter((other) => other !== han)].map((name) => `noto-sans-${name}` as const)

/**
 * Returns the families that may have the characters of a script, likeliest first; `han`: the regional form of
 * Chinese characters.
 */
export function familiesFor(script: Script | null, han: Han): FamilyName[] {
  const own = script === null ? [] : script === 'Han' ? hanFamilies(han) : [FAMILIES[script]]
  return [...new Set([...own, ...OTHERS, ...hanFamilies(han)])]
}
