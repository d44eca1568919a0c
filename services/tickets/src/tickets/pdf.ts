import { type Currency, formatMoney, type Minor, remember } from '@boxoffice/contracts'
import PDFDocument from 'pdfkit'
import type { EventReplica } from '../event-replicas/replica.ts'
import { registerFonts } from '../typesetting/fonts.ts'
import { fitText, type TextBox, type TextStyle } from './pdf-text.ts'
import { QUIET_ZONE_MODULES, qrModules, qrPng } from './qr.ts'
import type { StoredTicket } from './ticket.ts'

/** What a ticket shows. */
export interface PrintedTicket {
  readonly ticket: Pick<StoredTicket, 'ticketNumber' | 'holderName' | 'unitPrice' | 'currency' | 'createdAt'>
  readonly event: Pick<
    EventReplica,
    'eventId' | 'name' | 'eventDate' | 'timeZone' | 'venueName' | 'venueAddress'
  >
  readonly typeName: string
  readonly code: string
  /** `section` is the zone's name. */
  readonly seat?: { readonly section: string; readonly rowLabel: string; readonly colLabel: string }
}

type Document = PDFKit.PDFDocument

// A5, in points. The stub below the perforation carries the code.
const WIDTH = 419.53
const HEIGHT = 595.28
const MARGIN = 32
const INNER = WIDTH - 2 * MARGIN
const BAND = 148
const PERFORATION = 338
const QR_SIZE = 196

const INK = '#16181d'
const MUTED = '#6b7080'
const RULE = '#c9ccd6'
const PAPER = '#ffffff'
const STUB = '#f4f5f8'
/**
 * Colours of events, for staff to tell two events apart at a distance. White text is readable on each, even
 * on a bad print.
 */
const BANDS = ['#1f2a5a', '#5b1f4a', '#0f4c4a', '#7a2230', '#3a2a6b', '#27452f'] as const

/** Renders a ticket as a one-page PDF. The same ticket gives the same bytes. */
export const singleTicketPdf = (printed: PrintedTicket): Promise<Buffer> => ticketsPdf([printed])

/** Renders tickets as one PDF and an image of each code; each code is laid out once for both. */
export async function ticketsFiles(
  pages: readonly PrintedTicket[],
): Promise<{ pdf: Uint8Array; codes: Uint8Array[] }> {
  const [pdf, ...codes] = await Promise.all([ticketsPdf(pages), ...pages.map(({ code }) => qrPng(code))])
  return { pdf, codes }
}

/** Renders at least one ticket as one PDF, a page each, in order. The same tickets give the same bytes. */
export async function ticketsPdf(pages: readonly PrintedTicket[]): Promise<Buffer> {
  const [first] = pages
  if (!first) throw new Error('a PDF needs at least one ticket')
  const doc = new PDFDocument({
    size: [WIDTH, HEIGHT],
    margin: 0,
    autoFirstPage: false,
    font: '', // not Helvetica, which pdfkit would read from its own folder
    lang: 'en',
    info: { Title: titleOf(first, pages.length), CreationDate: first.ticket.createdAt, Creator: 'Boxoffice' },
  })
  registerFonts(doc)
  const bytes = collect(doc)
  for (const page of pages) {
    doc.addPage()
    const sheet = sheetOf(doc, page)
    await drawBand(sheet, page)
    await drawDetails(sheet, page)
    drawStub(doc, page)
  }
  doc.end()
  return bytes
}

const titleOf = ({ event, ticket }: PrintedTicket, count: number) =>
  `${event.name} · ${count === 1 ? ticket.ticketNumber : `${count} tickets`}`

/** A page, and the function that writes text on it. */
interface Sheet {
  readonly doc: Document
  fit(text: string, box: TextBox, style: Omit<TextStyle, 'timeZone'>): Promise<number>
}
const sheetOf = (doc: Document, { event: { timeZone } }: PrintedTicket): Sheet => ({
  doc,
  fit: (text, box, style) => fitText(doc, text, box, { ...style, timeZone }),
})

async function drawBand({ doc, fit }: Sheet, { ticket, event }: PrintedTicket): Promise<void> {
  const color = BANDS[Number.parseInt(event.eventId.slice(0, 8), 16) % BANDS.length] as string
  doc.rect(0, 0, WIDTH, BAND).fill(color)
  doc.rect(0, BAND, WIDTH, 4).fillOpacity(0.35).fill(color).fillOpacity(1)
  doc.font('bold').fontSize(8).fillColor(PAPER).fillOpacity(0.75)
  doc.text('ADMISSION TICKET', MARGIN, 24, { characterSpacing: 1.6, lineBreak: false })
  doc.font('mono').fontSize(9)
  const width = doc.widthOfString(ticket.ticketNumber)
  doc.text(ticket.ticketNumber, WIDTH - MARGIN - width, 23, { lineBreak: false }).fillOpacity(1)
  const title = {
    font: 'bold',
    color: PAPER,
    sizeMax: 27,
    sizeMin: 11,
    vertical: 'bottom',
    fromRight: 'box',
  } as const
  await fit(event.name, { x: MARGIN, y: 44, width: INNER, height: BAND - 44 - 18 }, title)
}

async function drawDetails(sheet: Sheet, { ticket, event, typeName, seat }: PrintedTicket): Promise<void> {
  const gap = 18
  const half = (INNER - gap) / 2
  const right = MARGIN + half + gap
  const [day, time] = whenOf(event)
  await headed(sheet, 'WHEN', day, time, { x: MARGIN, y: 166, width: half, height: 68 })
  await headed(sheet, 'WHERE', event.venueName, event.venueAddress, {
    x: right,
    y: 166,
    width: half,
    height: 68,
  })
  sheet.doc
    .moveTo(MARGIN, 240)
    .lineTo(WIDTH - MARGIN, 240)
    .lineWidth(0.5)
    .stroke(RULE)
  await field(sheet, 'HOLDER', ticket.holderName, { x: MARGIN, y: 250, width: INNER, height: 34 }, 15)
  const columns = seat
    ? ([
        ['TICKET', typeName, 0.28],
        ['SECTION', seat.section, 0.26],
        ['ROW', seat.rowLabel, 0.12],
        ['SEAT', seat.colLabel, 0.12],
        ['PRICE', priceOf(ticket), 0.22],
      ] as const)
    : ([
        ['TICKET', typeName, 0.7],
        ['PRICE', priceOf(ticket), 0.3],
      ] as const)
  let x = MARGIN
  for (const [label, text, share] of columns) {
    const width = INNER * share
    await field(sheet, label, text, { x, y: 288, width: width - 8, height: 40 })
    x += width
  }
}

/** Draws a small label over its value. */
async function field(
  { doc, fit }: Sheet,
  label: string,
  value: string,
  box: TextBox,
  sizeMax = 13,
): Promise<void> {
  drawLabel(doc, label, box)
  await fit(
    value,
    { ...box, y: box.y + 12, height: box.height - 12 },
    { font: 'bold', color: INK, sizeMax, sizeMin: 6 },
  )
}

/** Draws a small label over a main line and the remaining text. */
async function headed(
  { doc, fit }: Sheet,
  label: string,
  head: string,
  rest: string,
  box: TextBox,
): Promise<void> {
  drawLabel(doc, label, box)
  const top = box.y + 12
  const bold = { font: 'bold', color: INK, sizeMax: 12, sizeMin: 7 } as const
  const taken = (await fit(head, { ...box, y: top, height: 28 }, bold)) + 3
  const regular = { font: 'regular', color: INK, sizeMax: 10, sizeMin: 5.5 } as const
  await fit(rest, { ...box, y: top + taken, height: box.height - 12 - taken }, regular)
}

const drawLabel = (doc: Document, label: string, { x, y }: TextBox) =>
  doc.font('bold').fontSize(7).fillColor(MUTED).text(label, x, y, { characterSpacing: 1, lineBreak: false })

function drawStub(doc: Document, { ticket, code }: PrintedTicket): void {
  doc.rect(0, PERFORATION, WIDTH, HEIGHT - PERFORATION).fill(STUB)
  doc
    .moveTo(14, PERFORATION)
    .lineTo(WIDTH - 14, PERFORATION)
    .lineWidth(1.2)
    .dash(4, { space: 4 })
    .stroke(RULE)
    .undash()
  for (const x of [0, WIDTH]) doc.circle(x, PERFORATION, 9).lineWidth(0.8).fillAndStroke(PAPER, RULE)

  const top = PERFORATION + 14
  const left = (WIDTH - QR_SIZE) / 2
  doc.roundedRect(left, top, QR_SIZE, QR_SIZE, 6).fill(PAPER)
  drawQr(doc, code, left, top)

  doc.font('mono').fontSize(11).fillColor(INK)
  doc.text(ticket.ticketNumber, 0, top + QR_SIZE + 6, { width: WIDTH, align: 'center', lineBreak: false })
  doc.font('regular').fontSize(7.5).fillColor(MUTED)
  const line = 'Have this code scanned at the entrance. It admits one person, once: whoever shows it first.'
  doc.text(line, MARGIN, HEIGHT - 20, { width: INNER, align: 'center', lineBreak: false })
}

/** Draws the code as vectors with its quiet zone. Adjacent dark modules are one rectangle, to avoid seams. */
function drawQr(doc: Document, code: string, left: number, top: number): void {
  const { size, isDark } = qrModules(code)
  const module = QR_SIZE / (size + 2 * QUIET_ZONE_MODULES)
  const places = Array.from({ length: size }, (_, index) => (index + QUIET_ZONE_MODULES) * module)
  const xs = places.map((at) => pointsOf(left + at))
  const ys = places.map((at) => pointsOf(top + at))
  const widths = Array.from({ length: size + 1 }, (_, count) => pointsOf(count * module))
  const height = pointsOf(module + 0.02)
  const rectangles: string[] = []
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (!isDark(row, column)) continue
      const from = column
      while (column + 1 < size && isDark(row, column + 1)) column++
      rectangles.push(`${xs[from]} ${ys[row]} ${widths[column - from + 1]} ${height} re`)
    }
  }
  // A hundred or so at once: pdfkit makes bytes of every single drawing call.
  doc.addContent(rectangles.join('\n')).fill('#000000')
}

const pointsOf = (value: number): string => String(Math.round(value * 1_000) / 1_000)

/** Returns the date with its weekday, and the time with its zone, both in the event's time zone. */
const whenOf = ({ eventDate, timeZone }: PrintedTicket['event']): [string, string] => {
  const { day, time } = clocks(timeZone)
  return [day.format(eventDate), time.format(eventDate)]
}
const clocks = remember((timeZone) => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
  return {
    day: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' }),
  }
})

const priceOf = ({ unitPrice, currency }: PrintedTicket['ticket']) =>
  unitPrice === 0 ? 'Free' : prices(`${currency} ${unitPrice}`)
const prices = remember((price) => {
  const [currency = '', amount] = price.split(' ')
  return formatMoney(Number(amount) as Minor, currency as Currency, 'en')
})

function collect(doc: Document): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    doc.on('data', (chunk: Buffer) => chunks.push(chunk))
    doc.on('end', () => resolve(Buffer.concat(chunks)))
    doc.on('error', reject)
  })
}
