import { create, type Font } from 'fontkit'
import { embeddable } from './embedding.ts'
import { readInstalled } from './installed-files.ts'

// The standard fonts of PDF lack Ł, ć and all of Greek.
const FILES = {
  regular: 'DejaVuSansCondensed',
  bold: 'DejaVuSansCondensed-Bold',
  mono: 'DejaVuSansMono-Bold',
} as const
export type FontName = keyof typeof FILES
/** Fonts for texts of events and users; missing characters come from another face of that weight. */
export type TextWeight = 'regular' | 'bold'
const names = Object.keys(FILES) as FontName[]

export interface OpenFont {
  readonly font: Font
  readonly bytes: Uint8Array
}
let opened: ReadonlyMap<FontName, OpenFont> | null = null

/** Opens the fonts of tickets, once per thread: parsing them was most of the cost of a page. */
function openFonts(): ReadonlyMap<FontName, OpenFont> {
  opened ??= new Map(names.map((name) => [name, openFont(FILES[name])]))
  return opened
}
export const openFontOf = (name: FontName): OpenFont => openFonts().get(name) as OpenFont

/** Registers the fonts of tickets with a document, by the names of `FontName`. */
export function registerFonts(doc: PDFKit.PDFDocument): void {
  // pdfkit accepts an open font, though its types do not say so.
  for (const [name, { font }] of openFonts()) doc.registerFont(name, font as never)
  // So every ticket has the same subset of this font, whatever its number.
  const mono = (doc.font('mono') as unknown as { _font: { encode(text: string): unknown } })._font
  mono.encode(NUMBERS)
}
const NUMBERS = 'TKT-0123456789'

/** Clears the open fonts, for the baseline of the benchmark. */
export function clearFonts(): void {
  opened = null
}

function openFont(file: string): OpenFont {
  const bytes = readInstalled(`dejavu-fonts-ttf/ttf/${file}.ttf`)
  return { bytes, font: embeddable(create(bytes)) }
}
