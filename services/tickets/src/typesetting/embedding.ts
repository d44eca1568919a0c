import type { Font, GlyphRun, Subset } from 'fontkit'
import { createClusterGlyphs } from './cluster-glyphs.ts'
import type { Run } from './face.ts'

/** Font parts to remember: those of some events and some hundred holders. */
const PARTS_MAX = 500
/** Words to remember: those of some events; beyond it the cache is emptied. */
const WORDS_MAX = 5_000

/**
 * Returns a font for pdfkit that lays out each word once, accepts shaped runs, and writes each subset once.
 */
export const embeddable = (font: Font): Font => writingPartsOnce(takingRuns(remembering(font)))

/**
 * Writes each subset of the font once: tickets of one event need the same subset of most fonts, and writing
 * it was half the cost of a ticket.
 */
function writingPartsOnce(font: Font): Font {
  const parts = new Map<string, Uint8Array>()
  function partOf(subset: Subset): Uint8Array {
    const key = subset.glyphs.join()
    const known = parts.get(key)
    if (known) return known
    if (parts.size >= PARTS_MAX) parts.clear()
    const part = subset.encode()
    parts.set(key, part)
    return part
  }
  return Object.assign(Object.create(font) as Font, {
    createSubset() {
      const subset = font.createSubset()
      return Object.assign(Object.create(subset) as Subset, { encode: () => partOf(subset) })
    },
  })
}

/** Accepts a `Run` in place of pdfkit's features; each of its clusters is one glyph of the document. */
function takingRuns(font: Font): Font {
  const clusters = createClusterGlyphs(font)
  const isRun = (features: unknown): features is Run =>
    typeof features === 'object' && features !== null && 'clusters' in features
  const layOut = ({ clusters: drawn, face, width }: Run): GlyphRun => ({
    glyphs: drawn.map(clusters.glyphOf),
    positions: drawn.map(({ advance }) => ({ xAdvance: advance, yAdvance: 0, xOffset: 0, yOffset: 0 })),
    advanceWidth: width * face.unitsPerEm,
  })
  const taking = Object.create(font) as Font
  return Object.assign(taking, {
    layout: (text: string, features?: unknown) =>
      isRun(features) ? layOut(features) : font.layout(text, features),
    createSubset: () => clusters.addedTo(font.createSubset.call(clusters.deep)),
  })
}

/** Lays out each word once. Returns copies, since pdfkit scales the result in place. */
function remembering(font: Font): Font {
  const runs = new Map<string, GlyphRun>()
  function runOf(text: string): GlyphRun {
    const known = runs.get(text)
    if (known) return known
    if (runs.size >= WORDS_MAX) runs.clear()
    // A glyph keeps the character that first used it, which PDFs give when text is copied. With those of
    // earlier documents, the same ticket would not be the same bytes.
    font._glyphs = {}
    const run = font.layout(text)
    runs.set(text, run)
    return run
  }
  return Object.assign(Object.create(font) as Font, {
    layout: (text: string, features?: unknown) =>
      features ? font.layout(text, features) : copyOf(runOf(text)),
  })
}

function copyOf({ glyphs, positions }: GlyphRun): GlyphRun {
  const copies = positions.map((position) => ({ ...position }))
  return {
    glyphs,
    positions: copies,
    get advanceWidth() {
      return copies.reduce((sum, { xAdvance }) => sum + xAdvance, 0)
    },
  }
}
