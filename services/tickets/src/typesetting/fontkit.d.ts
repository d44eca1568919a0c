declare module 'fontkit' {
  /** The part of fontkit 2 that pdfkit and we use; the package has no types of its own. */
  interface GlyphPosition {
    xAdvance: number
    yAdvance: number
    xOffset: number
    yOffset: number
  }
  interface GlyphRun {
    readonly glyphs: readonly unknown[]
    readonly positions: readonly GlyphPosition[]
    readonly advanceWidth: number
  }
  /** What a document has of a font: these glyphs, in the order in which it needed them. */
  interface Subset {
    readonly glyphs: readonly number[]
    encode(): Uint8Array
  }
  interface Font {
    /** Glyphs that were looked up, with the characters of the first that asked for each. */
    _glyphs: Record<number, unknown>
    layout(text: string, features?: unknown): GlyphRun
    createSubset(): Subset
  }
  export function create(bytes: Uint8Array): Font
}
