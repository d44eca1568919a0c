declare module 'fontkit' {
  /** The part of fontkit 2 that pdfkit and this service use; the package has no types. */
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
    /** Bounding box in units of the font; the sides of an empty one may be swapped. */
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
  /** The glyphs of a font that a document uses, in order of first use. */
  interface Subset {
    readonly glyphs: number[]
    /** Returns the number of a glyph in the document. */
    includeGlyph(id: number): number
    encode(): Uint8Array
    /** During encoding: appends a glyph. */
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
    /** Glyphs that were looked up, with the characters that first used each. */
    _glyphs: Record<number, unknown>
    layout(text: string, features?: unknown): GlyphRun
    createSubset(): Subset
    getGlyph(id: number): Outline
    hasGlyphForCodePoint(codePoint: number): boolean
  }
  export function create(bytes: Uint8Array): Font
}
