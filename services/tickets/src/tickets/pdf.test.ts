import { inflateSync } from 'node:zlib'
import type { Currency, EventId, Minor } from '@boxoffice/contracts'
import PDFDocument from 'pdfkit'
import { describe, expect, test } from 'vitest'
import { readQr } from '../../test/read-qr.ts'
import { registerFonts } from '../typesetting/fonts.ts'
import { type PrintedTicket, singleTicketPdf, ticketsPdf } from './pdf.ts'
import { fitText } from './pdf-text.ts'

const printed: PrintedTicket = {
  ticket: {
    ticketNumber: 'TKT-2026-001234',
    holderName: 'Łukasz Źdźbło',
    unitPrice: 5_000 as Minor,
    currency: 'PLN' as Currency,
    createdAt: new Date('2026-11-21T10:00:00Z'),
  },
  event: {
    eventId: '11111111-1111-4111-8111-111111111111' as EventId,
    name: 'Ωδείο Ηρώδου: Noc Łódzka',
    eventDate: new Date('2027-06-18T22:30:00Z'),
    timeZone: 'Europe/Warsaw',
    venueName: 'Klub Wytwórnia',
    venueAddress: 'ul. Łąkowa 29, Łódź',
  },
  typeName: 'Standing',
  code: 'x'.repeat(140),
}

/** All streams of a PDF, inflated. */
function streamsOf(pdf: Buffer): string[] {
  const text = pdf.toString('latin1')
  return [...text.matchAll(/stream\n([\s\S]*?)\nendstream/g)].map(([, stream = '']) => {
    try {
      return inflateSync(Buffer.from(stream, 'latin1')).toString('latin1')
    } catch {
      return stream
    }
  })
}

/** The glyphs of all text on the page, by number; 0 is what a font draws for a missing character. */
const glyphsOf = (streams: string[]): number[] =>
  streams
    .flatMap((stream) => [...stream.matchAll(/\[((?:<[0-9a-f]+>|[-\d. ])+)\] TJ/g)])
    .flatMap(([, text = '']) => [...text.matchAll(/<([0-9a-f]+)>/g)])
    .flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? [])
    .map((glyph) => Number.parseInt(glyph, 16))

/** The code as drawn on the page: its longest run of rectangles, painted on white. */
function rasterOf(streams: string[]): { pixels: Uint8ClampedArray; width: number } {
  const runs = streams.flatMap((stream) => stream.match(/(?:^(?:[-\d.]+ ){4}re\n){2,}/gm) ?? [])
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
  const scale = 4
  const width = 420 * scale
  const pixels = new Uint8ClampedArray(width * 600 * scale * 4).fill(255)
  for (const line of longest.trim().split('\n')) {
    const [x = 0, y = 0, w = 0, h = 0] = line.split(' ').map((value) => Math.round(Number(value) * scale))
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++)
        pixels.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3)
    }
  }
  return { pixels, width }
}

describe('a ticket as a PDF', () => {
  test('carries its code, readable by a decoder that did not make it', async () => {
    const { pixels, width } = rasterOf(streamsOf(await singleTicketPdf(printed)))
    expect(readQr(pixels, width)).toBe(printed.code)
  })

  test('has a glyph for every Polish and Greek letter', async () => {
    const streams = streamsOf(await singleTicketPdf(printed))
    const glyphs = glyphsOf(streams)
    expect(glyphs.length).toBeGreaterThan(100)
    expect(glyphs).not.toContain(0)
    const unicode = streams.filter((stream) => stream.includes('beginbfrange')).join()
    for (const letter of 'ŁódźΩδείουŹ') {
      expect(unicode).toContain(`<${letter.charCodeAt(0).toString(16).padStart(4, '0')}>`)
    }
  })

  test('is one page and the same bytes for the same ticket', async () => {
    const [first, second] = [await singleTicketPdf(printed), await singleTicketPdf(printed)]
    expect(second.equals(first)).toBe(true)
    expect(first.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1)
  })

  test('is the same bytes whatever was printed before, including its copyable text', async () => {
    const first = await singleTicketPdf(printed)
    // Letters that look the same may share a glyph: Greek Α and Latin A, a breaking and a non-breaking space.
    const name = 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\u00a0οουΩ\u2126 \u00b5\u03bc'
    await singleTicketPdf({
      ...printed,
      event: { ...printed.event, name },
      ticket: { ...printed.ticket, holderName: name },
    })
    expect((await singleTicketPdf(printed)).equals(first)).toBe(true)
  })

  test('of several tickets is a page each, with each one’s code and name', async () => {
    const pages = ['Ada', 'Łucja', 'Ωραία'].map((holderName, index) => ({
      ...printed,
      ticket: { ...printed.ticket, holderName, ticketNumber: `TKT-2026-00000${index}` },
      code: `${'x'.repeat(140)}${index}`,
    }))
    const pdf = await ticketsPdf(pages)
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(3)
    const codes = streamsOf(pdf)
      .filter((stream) => stream.includes(' re\n'))
      .map((stream) => rasterOf([stream]))
      .map(({ pixels, width }) => readQr(pixels, width))
    expect(codes).toEqual(pages.map(({ code }) => code))
    expect((await ticketsPdf(pages)).equals(pdf)).toBe(true)
    await expect(ticketsPdf([])).rejects.toThrow('at least one ticket')
  })

  test('stays one page whatever users typed', async () => {
    const long = (text: string, length: number) => text.repeat(length).slice(0, length)
    const pdf = await singleTicketPdf({
      ...printed,
      ticket: { ...printed.ticket, holderName: long('W', 200), unitPrice: 99_999_999_999 as Minor },
      event: {
        ...printed.event,
        name: long('Very long ', 200),
        venueName: long('X', 200),
        venueAddress: long('Street 1, ', 500),
      },
      typeName: long('Early bird ', 100),
      seat: { section: long('Upper tier, ', 100), rowLabel: 'ABCDEFGH', colLabel: '12345678' },
    })
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1)
  })
})

describe('text in a box', () => {
  const doc = new PDFDocument({ margin: 0 })
  const style = { font: 'bold', color: '#000000', sizeMax: 20, sizeMin: 6, timeZone: 'UTC' } as const
  registerFonts(doc)

  test('is as large as fits, never higher than its box', async () => {
    const box = { x: 0, y: 0, width: 100, height: 40 }
    const texts = [
      'Ada',
      'Ada Lovelace, Countess',
      'word '.repeat(100),
      'W'.repeat(500),
      'มหานคร '.repeat(60),
      '東京'.repeat(250),
    ]
    const heights = await Promise.all(texts.map((text) => fitText(doc, text, box, style)))
    for (const height of heights) expect(height).toBeLessThanOrEqual(40)
    expect(heights[0]).toBeGreaterThan(20)
  })
})
