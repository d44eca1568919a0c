import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { remember } from '@boxoffice/contracts'
import { create } from 'fontkit'
import decompress from 'woff2-encoder/decompress'
import { embeddable } from './embedding.ts'
import type { Face } from './face.ts'
import { type FamilyName, STATIC } from './families.ts'
import type { TextWeight } from './fonts.ts'
import { instanceOf } from './instance.ts'
import { createFace } from './shaper.ts'

const require = createRequire(import.meta.url)

const WEIGHTS = { regular: 400, bold: 700 } as const satisfies Record<TextWeight, number>

/** Files of a family have parts of its characters each, as web pages want them. */
export interface Part {
  readonly file: string
  open(weight: TextWeight): Promise<Face>
}
export interface Family {
  /** Those that say that they have all of these characters. */
  partsWith(codePoints: readonly number[]): Part[]
}

const packageOf = (name: FamilyName) => `@fontsource${STATIC[name] ? '' : '-variable'}/${name}`

/** Files that have all of a family: emoji that are made of several others must be in one. */
const WHOLE: Partial<Record<FamilyName, string>> = { 'noto-emoji': 'emoji', 'noto-sans-math': 'latin' }

/** What a family's package says of its files, read once. */
const readParts = remember((text): readonly { part: string; ranges: readonly (readonly [number, number])[] }[] => {
  const name = text as FamilyName
  const whole = WHOLE[name]
  if (whole) return [{ part: whole, ranges: [[0, 0x10ffff]] }]
  const json = readFileSync(require.resolve(`${packageOf(name)}/unicode.json`), 'utf8')
  return Object.entries(JSON.parse(json) as Record<string, string>).map(([key, ranges]) => ({
    part: key.replace(/[[\]]/g, ''),
    ranges: ranges.split(',').map(rangeOf),
  }))
})

/** `U+0600-06FF`, or one alone. */
function rangeOf(text: string): readonly [number, number] {
  const [first = '', last = first] = text.replace(/^U\+/i, '').split('-')
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)]
}

export function readFamily(name: FamilyName): Family {
  const hasAll = (ranges: readonly (readonly [number, number])[], codePoints: readonly number[]) =>
    codePoints.every((codePoint) => ranges.some(([first, last]) => first <= codePoint && codePoint <= last))
  return {
    partsWith: (codePoints) =>
      readParts(name)
        .filter(({ ranges }) => hasAll(ranges, codePoints))
        .map(({ part }) => ({ file: `${name}-${part}`, open: (weight) => openPart(name, part, weight) })),
  }
}

async function openPart(name: FamilyName, part: string, weight: TextWeight): Promise<Face> {
  const weights = STATIC[name]
  const kind = weights ? WEIGHTS[weights.includes(weight) ? weight : 'regular'] : 'wght'
  const file = `${packageOf(name)}/files/${name}-${part}-${kind}-normal.woff2`
  const whole = await decompress(await readFile(require.resolve(file)))
  const bytes = weights ? whole : await instanceOf(whole, WEIGHTS[weight])
  return createFace(`${name}-${part}-${weight}`, bytes, embeddable(create(bytes)))
}
