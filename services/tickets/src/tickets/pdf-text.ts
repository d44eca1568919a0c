/** A place on the page, in points. */
export interface TextBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface TextStyle {
  readonly font: string
  readonly color: string
  readonly sizeMax: number
  readonly sizeMin: number
  readonly vertical?: 'top' | 'bottom'
}

const STEP = 0.5
const LINE_GAP = 1

/**
 * Draw text so that it stays in its box: as large as fits, wrapped at words (a word that is wider than the box is cut), and
 * with an ellipsis where even the smallest size is too much. Returns the height it took.
 */
export function fitText(doc: PDFKit.PDFDocument, text: string, box: TextBox, style: TextStyle): number {
  const options = { width: box.width, lineGap: LINE_GAP }
  doc.font(style.font)
  const { size, height } = fitOf(doc, text, box, style)
  const y = style.vertical === 'bottom' ? box.y + box.height - height : box.y
  doc
    .fontSize(size)
    .fillColor(style.color)
    .text(text, box.x, y, { ...options, height: box.height, ellipsis: true })
  return height
}

interface Fit {
  readonly size: number
  readonly height: number
}
/** What was found for a document: all pages of an order have the same event, and often the same holder. */
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
