import { drawLine } from '../typesetting/draw.ts'
import type { TextWeight } from '../typesetting/fonts.ts'
import { cutLine, type Line, linesOf, type Paragraph } from '../typesetting/paragraph.ts'
import { paragraphOf } from '../typesetting/typeset.ts'

/** A box on the page, in points. */
export interface TextBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface TextStyle {
  /** The event's time zone: it decides the regional forms of Chinese characters. */
  readonly timeZone: string
  readonly font: TextWeight
  readonly color: string
  readonly sizeMax: number
  readonly sizeMin: number
  readonly vertical?: 'top' | 'bottom'
  /**
   * Where right-to-left text starts: at the right side of the box, or so that its end is at the left side.
   */
  readonly fromRight?: 'box' | 'text'
}

const STEP = 0.5
const LINE_GAP = 1

/**
 * Draws text within its box: as large as fits, wrapped at words (a word wider than the box is cut), and with
 * an ellipsis if even the smallest size does not fit. Returns its height.
 */
export async function fitText(
  doc: PDFKit.PDFDocument,
  given: string,
  box: TextBox,
  style: TextStyle,
): Promise<number> {
  const text = given
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  const paragraph = await paragraphOf(text, { weight: style.font, timeZone: style.timeZone })
  return paragraph ? fitParagraph(doc, paragraph, box, style) : fitPlain(doc, text, box, style)
}

/** Text that pdfkit can wrap: in logical order, with letters that the document's own font has. */
function fitPlain(doc: PDFKit.PDFDocument, text: string, box: TextBox, style: TextStyle): number {
  const options = { width: box.width, lineGap: LINE_GAP }
  doc.font(style.font)
  const { size, height } = fitOf(doc, text, box, style)
  doc
    .fontSize(size)
    .fillColor(style.color)
    .text(text, box.x, topOf(box, style, height), { ...options, height: box.height, ellipsis: true })
  return height
}

const topOf = (box: TextBox, { vertical }: TextStyle, height: number) =>
  vertical === 'bottom' ? box.y + box.height - height : box.y

interface Fit {
  readonly size: number
  readonly height: number
}
/** Fits found for a document: all pages of an order have the same event, and often the same holder. */
const found = new WeakMap<PDFKit.PDFDocument, Map<string, Fit>>()

function fitOf(doc: PDFKit.PDFDocument, text: string, box: TextBox, style: TextStyle): Fit {
  const fits = found.get(doc) ?? new Map<string, Fit>()
  found.set(doc, fits)
  const key = `${style.font} ${style.sizeMax} ${style.sizeMin} ${box.width} ${box.height} ${text}`
  const fit = fits.get(key) ?? findFit(doc, text, box, style)
  fits.set(key, fit)
  return fit
}

function findFit(doc: PDFKit.PDFDocument, text: string, box: TextBox, style: TextStyle): Fit {
  const options = { width: box.width, lineGap: LINE_GAP }
  const words = text.split(/\s+/)
  const heightAt = (size: number) => doc.fontSize(size).heightOfString(text, options)
  const fitsAt = (size: number) =>
    words.every((word) => doc.fontSize(size).widthOfString(word) <= box.width) && heightAt(size) <= box.height
  let size = style.sizeMax
  while (size > style.sizeMin && !fitsAt(size)) size -= STEP
  return { size, height: Math.min(heightAt(size), box.height) }
}

/** Other text: we break the lines and order their words. */
function fitParagraph(doc: PDFKit.PDFDocument, paragraph: Paragraph, box: TextBox, style: TextStyle): number {
  const lineHeight = (size: number) => (paragraph.ascent + paragraph.descent) * size + LINE_GAP
  const linesAt = (size: number) => linesOf(paragraph, box.width / size)
  const fitsAt = (size: number) => {
    const { lines, isWhole } = linesAt(size)
    return isWhole && lines.length * lineHeight(size) <= box.height
  }
  let size = style.sizeMax
  while (size > style.sizeMin && !fitsAt(size)) size -= STEP
  const { lines } = linesAt(size)
  const shown = lines.slice(0, Math.max(1, Math.floor(box.height / lineHeight(size))))
  const drawn = shown.map((line, index) => ({ paragraph, line, isLast: index === shown.length - 1 }))
  const cut = shown.length < lines.length
  const height = shown.length * lineHeight(size)
  const top = topOf(box, style, height)
  const placed = drawn.map(({ line, isLast }) =>
    isLast && cut ? cutLine(paragraph, line, box.width / size) : { paragraph, line },
  )
  const widths = placed.map(({ paragraph, line }) => widthOf(paragraph, line) * size)
  const right = style.fromRight === 'box' ? box.width : Math.min(box.width, Math.max(...widths))
  doc.fillColor(style.color)
  for (const [index, { paragraph: shownText, line }] of placed.entries()) {
    const x = box.x + (paragraph.isRightToLeft ? right - (widths[index] ?? 0) : 0)
    const y = top + index * lineHeight(size) + paragraph.ascent * size
    drawLine(doc, shownText, line, { x, y, size })
  }
  return height
}

const widthOf = ({ reach }: Paragraph, { start, end }: Line) => (reach[end] ?? 0) - (reach[start] ?? 0)
