import { createRequire } from 'node:module'

// Its types and its CommonJS disagree about where the default export is.
const decode = createRequire(import.meta.url)('jsqr') as typeof import('jsqr').default

/**
 * Reads a QR code from an image (four bytes per pixel) with an independent decoder; null if there is none.
 */
export const readQr = (pixels: Uint8Array | Uint8ClampedArray, width: number): string | null =>
  decode(new Uint8ClampedArray(pixels), width, pixels.length / width / 4)?.data ?? null
