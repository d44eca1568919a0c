declare module 'fontkit' {
  /** The part of fontkit 2 that pdfkit and we use; the package has no types of its own. */
  interface GlyphPosition {
    xAdvance: number
    yAdvance: number
    xOffset: number
    yOffset: number
  }
  interface Glyph {
    readonly id: number
    readonly advanceWidth: number
    readonly codePoints: readonly number[]
  }
  interface Outline extends Glyph {
    /** A box around it, in units of the font; of one without any its sides may be swapped. */
    readonly cbox: {
      readonly minX: number
      readonly minY: number
      readonly maxX: number
      readonly maxY: number
    }
  }
  interface GlyphRun {
    readonly glyphs: readonly Glyph[]
    readonly positions: readonly GlyphPosition[]
    readonly advanceWidth: number
  }
  /** What a document has of a font: these glyphs, in the order in which it needed them. */
  interface Subset {
    readonly glyphs: number[]
    /** The number of a glyph in the document. */
    includeGlyph(id: number): number
    encode(): Uint8Array
    /** While it is encoded: writes a glyph behind those that were written. */
    _addGlyph(id: number): number
    readonly glyf: Uint8Array[]
    readonly loca: { readonly offsets: number[] }
    readonly hmtx: { readonly metrics: { advance: number; bearing: number }[] }
    offset: number
  }
  interface Font {
    readonly unitsPerEm: number
    readonly ascent: number
    /** Below zero. */
    readonly descent: number
    readonly maxp: Readonly<Record<string, number>>
    /** Glyphs that were looked up, with the characters of the first that asked for each. */
    _glyphs: Record<number, unknown>
    layout(text: string, features?: unknown): GlyphRun
    createSubset(): Subset
    getGlyph(id: number): Outline
    hasGlyphForCodePoint(codePoint: number): boolean
  }
  export function create(bytes: Uint8Array): Font
}
