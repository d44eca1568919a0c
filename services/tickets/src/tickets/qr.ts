import { remember } from '@boxoffice/contracts'
import QRCode from 'qrcode'
import { bilevelPng } from './bilevel-png.ts'

// Medium correction survives a scratched screen or a fold; scanners require four modules of quiet zone.
const CORRECTION = 'M'
export const QUIET_ZONE_MODULES = 4
const MODULE_PX = 8
const CODES_KEPT_MAX = 50

/**
 * A single byte segment: codes are mixed-case text, which no other mode encodes shorter. Searching for one
 * would cost more than the rest of the image.
 */
const segmentsOf = (code: string): QRCode.QRCodeSegment[] => [{ mode: 'byte', data: Buffer.from(code) }]

/**
 * Renders a code as a PNG of more than 400 pixels with its quiet zone: black and white, one bit per pixel.
 */
export function qrPng(code: string): Promise<Buffer> {
  const { size, isDark } = qrModules(code)
  const widthPx = (size + 2 * QUIET_ZONE_MODULES) * MODULE_PX
  // One byte is a module's width of eight pixels; eight lines of pixels are a module's height. White is 1.
  const rowBytes = size + 2 * QUIET_ZONE_MODULES
  const pixels = Buffer.alloc(widthPx * (1 + rowBytes), 0xff)
  for (let y = 0; y < widthPx; y++) {
    const line = y * (1 + rowBytes)
    pixels[line] = 0 // no filter
    const row = Math.floor(y / MODULE_PX) - QUIET_ZONE_MODULES
    if (row < 0 || row >= size) continue
    for (let column = 0; column < size; column++) {
      if (isDark(row, column)) pixels[line + 1 + QUIET_ZONE_MODULES + column] = 0
    }
  }
  return bilevelPng(pixels, widthPx)
}

/**
 * Returns the dark modules of a code: `isDark(row, column)` within a square of `size`, without quiet zone.
 * Remembers the last few codes, since a ticket's page and the image of its code are made one after the other.
 */
export const qrModules = remember((code): { size: number; isDark(row: number, column: number): boolean } => {
  const { modules } = QRCode.create(segmentsOf(code), { errorCorrectionLevel: CORRECTION })
  return { size: modules.size, isDark: (row, column) => modules.get(row, column) === 1 }
}, CODES_KEPT_MAX)
