import { createRequire } from 'node:module'

// Its types and its CommonJS disagree about where the default export is.
const decode = createRequire(import.meta.url)('jsqr') as typeof import('jsqr').default

/**
 * What a QR code in a picture (four bytes a pixel) says, by a decoder that has nothing to do with what drew
 * it; null for none.
 */
export const readQr = (pixels: Uint8Array | Uint8ClampedArray, width: number): string | null =>
  decode(new Uint8ClampedArray(pixels), width, pixels.length / width / 4)?.data ?? null
