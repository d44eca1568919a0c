import * as jsqr from 'jsqr'
import { PNG } from 'pngjs'
import { renderPageAsImage } from 'unpdf'

// jsqr is a CommonJS module whose function is its default export.
const decode = jsqr.default as unknown as typeof jsqr.default.default

/** Returns the text of the QR code in a PNG; null if none can be read. */
export function readQrOfPng(png: Uint8Array): string | null {
  const { data, width, height } = PNG.sync.read(Buffer.from(png))
  return decode(new Uint8ClampedArray(data), width, height)?.data ?? null
}

/** Returns the text of the QR code on a PDF page, read from the rendered page as a camera would. */
export async function readQrOfPdf(pdf: Uint8Array, page = 1): Promise<string | null> {
  const picture = await renderPageAsImage(new Uint8Array(pdf), page, {
    canvasImport: () => import('@napi-rs/canvas'),
    scale: 2,
  })
  return readQrOfPng(new Uint8Array(picture))
}
