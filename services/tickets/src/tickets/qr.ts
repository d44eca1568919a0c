import QRCode from 'qrcode'

// Medium correction survives a scratched screen or a fold; four modules around it are what scanners ask for.
const CORRECTION = 'M'
export const QUIET_ZONE_MODULES = 4
const MODULE_PX = 8

/**
 * As bytes, all of it: what we sign is text of both cases, of which nothing is shorter another way. To look for one costs more than
 * everything else that the picture does.
 */
const segmentsOf = (code: string): QRCode.QRCodeSegment[] => [{ mode: 'byte', data: Buffer.from(code) }]

/** A code as a PNG of more than 400 pixels, quiet zone included. */
export const qrPng = (code: string): Promise<Buffer> =>
  QRCode.toBuffer(segmentsOf(code), { errorCorrectionLevel: CORRECTION, margin: QUIET_ZONE_MODULES, scale: MODULE_PX })

/** The dark modules of a code, for drawing: `isDark(row, column)` within a square of `size`, without quiet zone. */
export function qrModules(code: string): { size: number; isDark(row: number, column: number): boolean } {
  const { modules } = QRCode.create(segmentsOf(code), { errorCorrectionLevel: CORRECTION })
  return { size: modules.size, isDark: (row, column) => modules.get(row, column) === 1 }
}
