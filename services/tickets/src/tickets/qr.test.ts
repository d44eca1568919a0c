import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import { readQr } from '../../test/read-qr.ts'
import { qrModules, qrPng } from './qr.ts'

const code = 'Ab_-'.repeat(42)

test('a QR image is large, has a quiet zone, and is read by an independent decoder', async () => {
  const png = PNG.sync.read(await qrPng(code))
  expect(png.width).toBe(png.height)
  expect(png.width).toBeGreaterThanOrEqual(400)
  expect(readQr(png.data, png.width)).toBe(code)
  const dark = (x: number, y: number) => (png.data[(y * png.width + x) * 4] ?? 255) < 128
  expect(
    Array.from({ length: 32 }, (_, y) => Array.from({ length: png.width }, (_, x) => dark(x, y))).flat(),
  ).not.toContain(true)
  expect(dark(32, 32)).toBe(true)
})

test('the modules for drawing make the same code', () => {
  const { size, isDark } = qrModules(code)
  const [scale, margin] = [4, 16]
  const width = size * scale + 2 * margin
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255)
  for (let y = 0; y < size * scale; y++) {
    for (let x = 0; x < size * scale; x++) {
      if (!isDark(Math.floor(y / scale), Math.floor(x / scale))) continue
      pixels.fill(0, ((y + margin) * width + x + margin) * 4, ((y + margin) * width + x + margin) * 4 + 3)
    }
  }
  expect(readQr(pixels, width)).toBe(code)
})
