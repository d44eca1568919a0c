declare module 'bidi-js' {
  /** The part of bidi-js 1 that this service uses; the package has no types. */
  interface EmbeddingLevels {
    readonly levels: Uint8Array
    readonly paragraphs: readonly { readonly start: number; readonly end: number; readonly level: number }[]
  }
  interface Bidi {
    getEmbeddingLevels(text: string, direction?: 'ltr' | 'rtl'): EmbeddingLevels
    /** Of all indices of the text, those from `start` to `end` (included) from left to right. */
    getReorderedIndices(text: string, levels: EmbeddingLevels, start: number, end: number): number[]
  }
  export default function createBidi(): Bidi
}
