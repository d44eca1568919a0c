import { remember } from '@boxoffice/contracts'
import { type FamilyName, STATIC } from './families.ts'
import type { TextWeight } from './fonts.ts'
import { readInstalled } from './installed-files.ts'

const WEIGHTS = { regular: 400, bold: 700 } as const satisfies Record<TextWeight, number>

/** A file of a family with some of its characters, as split for web pages. */
export interface FontPart {
  readonly name: string
  /** First and last character of each range. */
  readonly ranges: readonly (readonly [number, number])[]
}

/** Files with all characters of a family: an emoji composed of several must be in one file. */
const WHOLE: Partial<Record<FamilyName, string>> = { 'noto-emoji': 'emoji', 'noto-sans-math': 'latin' }
const EVERYTHING: readonly [number, number] = [0, 0x10ffff]
/** Of these scripts, the other families repeat `noto-sans`. */
const OF_NOTO_SANS = /^(latin|greek|cyrillic|vietnamese)/

const packageOf = (family: FamilyName) => `@fontsource${STATIC[family] ? '' : '-variable'}/${family}`

/** Returns the parts of a family, as listed by its package; read once. */
export const partsOf = remember((name): readonly FontPart[] => {
  const family = name as FamilyName
  const whole = WHOLE[family]
  if (whole) return [{ name: whole, ranges: [EVERYTHING] }]
  const ranges = JSON.parse(readInstalled(`${packageOf(family)}/unicode.json`).toString()) as Record<
    string,
    string
  >
  return Object.entries(ranges)
    .filter(([part]) => family === 'noto-sans' || !OF_NOTO_SANS.test(part))
    .map(([part, text]) => ({ name: part.replace(/[[\]]/g, ''), ranges: text.split(',').map(rangeOf) }))
}) as (family: FamilyName) => readonly FontPart[]

/** Parses `U+0600-06FF`, or a single character. */
function rangeOf(text: string): readonly [number, number] {
  const [first = '', last = first] = text.replace(/^U\+/i, '').split('-')
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)]
}

/** Returns the file of a part, and the weight to pin it to; null if the file has that weight already. */
export function fileOf(
  family: FamilyName,
  part: FontPart,
  weight: TextWeight,
): { file: string; pinnedTo: number | null } {
  const weights = STATIC[family]
  const kind = weights ? WEIGHTS[weights.includes(weight) ? weight : 'regular'] : 'wght'
  const file = `${packageOf(family)}/files/${family}-${part.name}-${kind}-normal.woff2`
  return { file, pinnedTo: weights ? null : WEIGHTS[weight] }
}
