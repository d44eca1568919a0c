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
/**
 * Text of events and people is in one of these; where they lack its characters, in another face of that
 * weight.
 */
export type TextWeight = 'regular' | 'bold'
const names = Object.keys(FILES) as FontName[]

export interface OpenFont {
  readonly font: Font
  readonly bytes: Uint8Array
}
let opened: ReadonlyMap<FontName, OpenFont> | null = null

/** The fonts of tickets; read and taken apart once a thread: that was most of what a page cost. */
function openFonts(): ReadonlyMap<FontName, OpenFont> {
  opened ??= new Map(names.map((name) => [name, openFont(FILES[name])]))
  return opened
}
export const openFontOf = (name: FontName): OpenFont => openFonts().get(name) as OpenFont

/** Give a document the fonts of tickets, by the names of `FontName`. */
export function registerFonts(doc: PDFKit.PDFDocument): void {
  // pdfkit takes a font that is open already; its types do not say so.
  for (const [name, { font }] of openFonts()) doc.registerFont(name, font as never)
  // Every ticket has the same part of this font then, whatever its number is.
  const mono = (doc.font('mono') as unknown as { _font: { encode(text: string): unknown } })._font
  mono.encode(NUMBERS)
}
const NUMBERS = 'TKT-0123456789'

/** Have them read anew: the baseline that a page is measured beside. */
export function forgetFonts(): void {
  opened = null
}

function openFont(file: string): OpenFont {
  const bytes = readInstalled(`dejavu-fonts-ttf/ttf/${file}.ttf`)
  return { bytes, font: embeddable(create(bytes)) }
}
