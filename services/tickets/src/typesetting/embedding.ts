import type { Font, GlyphRun, Subset } from 'fontkit'
import { createClusterGlyphs } from './cluster-glyphs.ts'
import type { Run } from './face.ts'

/** Parts of fonts that are known: those of some events and some hundred holders. */
const PARTS_MAX = 500
/** The words of some evenings; when there are more it begins anew. */
const WORDS_MAX = 5_000

/**
 * A font as pdfkit is to embed it: it lays out a word once, takes runs that are shaped already, and writes a
 * part that documents need once.
 */
export const embeddable = (font: Font): Font => writingPartsOnce(takingRuns(remembering(font)))

/**
 * The font, of which a part that documents need is written once: tickets of one event need the same of most
 * fonts, and to write them was half of what a ticket cost.
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

/**
 * The font, which takes a `Run` as what pdfkit calls features: each of its clusters is one glyph of the
 * document.
 */
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

/** The font, which lays the same word out once. What it gives is a copy: pdfkit scales it in place. */
function remembering(font: Font): Font {
  const runs = new Map<string, GlyphRun>()
  function runOf(text: string): GlyphRun {
    const known = runs.get(text)
    if (known) return known
    if (runs.size >= WORDS_MAX) runs.clear()
    // A glyph keeps the character that first asked for it, which PDFs say when text is copied from them: with
    // what earlier documents asked for, the same ticket would not be the same bytes.
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
