import { LRUCache } from 'lru-cache'
import { graphemesOf } from './clusters.ts'
import type { Face } from './face.ts'
import { openFontOf, type TextWeight } from './fonts.ts'
import { findNotoFace, isDrawnBy } from './noto-faces.ts'
import { createParagraph, type Paragraph } from './paragraph.ts'
import { type Han, hanOf, scriptsOf } from './scripts.ts'
import { createFace } from './shaper.ts'

/** Texts to remember: those of some hundred tickets. */
const PARAGRAPHS_MAX = 1_000

/**
 * Latin, Greek and Cyrillic letters and signs that need no shaping: nothing that joins, is stacked, or
 * reverses its line.
 */
const PLAIN =
  /^[\u0020-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2bff]*$/
/** Drawn in colour elsewhere, though it may be a sign from before emoji. */
const EMOJI = /\p{Emoji_Presentation}/u

const paragraphs = new LRUCache<string, Promise<Paragraph | null>>({ max: PARAGRAPHS_MAX })

/**
 * How a text is written: its weight, and the country, which decides the regional form of Chinese characters.
 */
export interface Writing {
  readonly weight: TextWeight
  readonly timeZone: string
}

/** Measures a line of text; null if the document's own font has all of it and its order is left to right. */
export function paragraphOf(text: string, { weight, timeZone }: Writing): Promise<Paragraph | null> {
  const han = hanOf(text, timeZone)
  const key = `${weight} ${han} ${text}`
  const known = paragraphs.get(key)
  if (known) return known
  const made = isPlain(text, weight) ? Promise.resolve(null) : makeParagraph(text, weight, han)
  paragraphs.set(key, made)
  made.catch(() => paragraphs.delete(key))
  return made
}

function isPlain(text: string, weight: TextWeight): boolean {
  if (!PLAIN.test(text) || EMOJI.test(text)) return false
  const { font } = openFontOf(weight)
  return [...text].every((character) => font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0))
}

/** The document's own face of each weight: it draws what it has, and what no other face has. */
const ownFaces = new Map<TextWeight, Face>()
function ownFaceOf(weight: TextWeight): Face {
  const { bytes, font } = openFontOf(weight)
  const face = ownFaces.get(weight) ?? createFace(weight, bytes, font)
  ownFaces.set(weight, face)
  return face
}

/** Drawn in place of a character that no face has. */
const SUBSTITUTE = '\ufffd'

async function makeParagraph(given: string, weight: TextWeight, han: Han): Promise<Paragraph> {
  const own = ownFaceOf(weight)
  const scripts = scriptsOf(given)
  const faces: Face[] = []
  let text = ''
  for (const { segment, index } of graphemesOf(given)) {
    const script = scripts.get(index) ?? null
    const isOwn = script === null && isDrawnBy(own, segment)
    const face = isOwn ? own : await findNotoFace({ grapheme: segment, script, han, weight })
    const shown = face || isDrawnBy(own, segment) ? segment : SUBSTITUTE
    for (let at = 0; at < shown.length; at++) faces.push(face ?? own)
    text += shown
  }
  return createParagraph(text, (index) => faces[index] ?? own, own)
}
