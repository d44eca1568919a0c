import type { Run } from './face.ts'
import { type Line, type Paragraph, runsOf } from './paragraph.ts'

/** Draws a line of a paragraph from `x` on; `y` is its baseline. */
export function drawLine(
  doc: PDFKit.PDFDocument,
  paragraph: Paragraph,
  line: Line,
  { x, y, size }: { x: number; y: number; size: number },
): void {
  doc.fontSize(size)
  for (const run of runsOf(paragraph, line)) drawRun(doc, run, x + run.x * size, y)
}

function drawRun(doc: PDFKit.PDFDocument, run: Run, x: number, y: number): void {
  doc.registerFont(run.face.name, run.face.font as never)
  doc.font(run.face.name)
  // pdfkit passes `features` to the font, which accepts shaped glyphs there.
  doc.text(run.text, x, y, { lineBreak: false, baseline: 'alphabetic', features: run as never })
}
