import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'

const compress = promisify(deflate)

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const HEADER_BYTES = 13
/** Greyscale with one bit per pixel: 0 is black. */
const [BIT_DEPTH, GREYSCALE] = [1, 0]

/**
 * Encodes a square black-and-white image as PNG (RFC 2083). `pixels`: for each line a filter byte, then one
 * bit per pixel, leftmost first. Compressed off the event loop.
 */
export async function bilevelPng(pixels: Buffer, widthPx: number): Promise<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(widthPx, 0)
  header.writeUInt32BE(widthPx, 4)
  header[8] = BIT_DEPTH
  header[9] = GREYSCALE
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', await compress(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
