import { LRUCache } from 'lru-cache'
import type { Face } from './face.ts'
import { familiesFor } from './families.ts'
import { openPart } from './font-files.ts'
import { type FontPart, partsOf } from './font-parts.ts'
import type { TextWeight } from './fonts.ts'
import type { Han, Script } from './scripts.ts'

/** Font parts open at once, per thread: one takes some hundred kilobytes, and Chinese has many. */
const FACES_MAX = 64

export interface Wanted {
  readonly grapheme: string
  readonly script: Script | null
  readonly han: Han
  readonly weight: TextWeight
}

const faces = new LRUCache<string, Promise<Face>>({ max: FACES_MAX })

/**
 * Returns a face that has a whole grapheme, preferring fonts of its script; null if none has. Opens the font
 * on first use.
 */
export async function findNotoFace({ grapheme, script, han, weight }: Wanted): Promise<Face | null> {
  const codePoints = [...grapheme]
    .filter((character) => !INVISIBLE.test(character))
    .map((character) => character.codePointAt(0) ?? 0)
  for (const family of familiesFor(script, han)) {
    for (const part of partsOf(family).filter((some) => hasAll(some, codePoints))) {
      const key = `${family} ${part.name} ${weight}`
      const opening = faces.get(key) ?? openPart(family, part, weight)
      faces.set(key, opening)
      const face = await opening
      if (isDrawnBy(face, grapheme)) return face
    }
  }
  return null
}

const hasAll = ({ ranges }: FontPart, codePoints: readonly number[]) =>
  codePoints.every((codePoint) => ranges.some(([first, last]) => first <= codePoint && codePoint <= last))

/** Characters that are not drawn: they join, select or separate others. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u

export const isDrawnBy = (face: Face, grapheme: string): boolean =>
  [...grapheme].every((character) => INVISIBLE.test(character) || face.has(character.codePointAt(0) ?? 0))
