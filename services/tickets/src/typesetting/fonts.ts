import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { create, type Font, type GlyphRun, type Subset } from 'fontkit'

const require = createRequire(import.meta.url)

// The standard fonts of PDF lack Ł, ć and all of Greek.
const FILES = { regular: 'DejaVuSansCondensed', bold: 'DejaVuSansCondensed-Bold', mono: 'DejaVuSansMono-Bold' } as const
export type FontName = keyof typeof FILES
const names = Object.keys(FILES) as FontName[]

/** The words of some evenings; when there are more it begins anew. */
const WORDS_MAX = 5_000

let opened: ReadonlyMap<FontName, Font> | null = null

/**
 * Give a document the fonts of tickets, by the names of `FontName`. They are read and taken apart once a thread: that was most of
 * what a page cost.
 */
export function registerFonts(doc: PDFKit.PDFDocument): void {
  opened ??= new Map(names.map((name) => [name, openFont(FILES[name])]))
  // pdfkit takes a font that is open already; its types do not say so.
  for (const [name, font] of opened) doc.registerFont(name, font as never)
  // Every ticket has the same part of this font then, whatever its number is.
  const mono = (doc.font('mono') as unknown as { _font: { encode(text: string): unknown } })._font
  mono.encode(NUMBERS)
}
const NUMBERS = 'TKT-0123456789'

/** Have them read anew: the baseline that a page is measured beside. */
export function forgetFonts(): void {
  opened = null
}

const openFont = (file: string): Font =>
  writingPartsOnce(remembering(create(readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${file}.ttf`)))))

/** Parts of fonts that are known: those of some events and some hundred holders. */
const PARTS_MAX = 500

/**
 * The font, of which a part that documents need is written once: tickets of one event need the same of most fonts, and to write them was
 * half of what a ticket cost.
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

/** The font, which lays the same word out once. What it gives is a copy: pdfkit scales it in place. */
function remembering(font: Font): Font {
  const runs = new Map<string, GlyphRun>()
  function runOf(text: string): GlyphRun {
    const known = runs.get(text)
    if (known) return known
    if (runs.size >= WORDS_MAX) runs.clear()
    // A glyph keeps the character that first asked for it, which PDFs say when text is copied from them: with what earlier
    // documents asked for, the same ticket would not be the same bytes.
    font._glyphs = {}
    const run = font.layout(text)
    runs.set(text, run)
    return run
  }
  return Object.assign(Object.create(font) as Font, {
    layout: (text: string, features?: unknown) => (features ? font.layout(text, features) : copyOf(runOf(text))),
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
