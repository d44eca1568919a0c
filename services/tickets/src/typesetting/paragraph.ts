import bidiFactory from 'bidi-js'
import LineBreaker from 'linebreak'
import { graphemesOf } from './clusters.ts'
import type { Face, FaceOf, Run } from './face.ts'

const bidi = bidiFactory()

/** Text of one face and one direction, in logical order. */
interface Item {
  readonly start: number
  readonly end: number
  readonly face: Face
  /** As in UAX #9: odd for right-to-left text. */
  readonly level: number
}

/** A measured paragraph; lengths are in ems, positions are indices of its text. */
export interface Paragraph {
  readonly text: string
  readonly own: Face
  readonly isRightToLeft: boolean
  /** Height above and below its lines: that of the document's own font, or more if its ink needs it. */
  readonly ascent: number
  readonly descent: number
  readonly items: readonly Item[]
  readonly embedding: ReturnType<typeof bidi.getEmbeddingLevels>
  /** The width of the text before each index, as if on one line. */
  readonly reach: readonly number[]
  /** Where a line may end (UAX #14) and, for words longer than a line, where it may end if it must. */
  readonly breaks: { readonly good: readonly number[]; readonly bad: readonly number[] }
}

/** Part of a paragraph's text, without trailing spaces. */
export interface Line {
  readonly start: number
  readonly end: number
}

/** A run within its line, `x` ems from the line's left end. */
export interface PlacedRun extends Run {
  readonly x: number
}

/**
 * Measures a paragraph whose characters have the faces given by `faceOf`. `own` draws characters that are
 * added.
 */
export function createParagraph(
  text: string,
  faceOf: FaceOf,
  own: Face,
  direction?: 'ltr' | 'rtl',
): Paragraph {
  const embedding = bidi.getEmbeddingLevels(text, direction)
  const items = itemsOf(text, embedding.levels, faceOf)
  const runs = items.map(({ start, end, face, level }) => face.shape(text.slice(start, end), level % 2 === 1))
  return {
    text,
    own,
    isRightToLeft: (embedding.paragraphs[0]?.level ?? 0) % 2 === 1,
    ascent: Math.max(own.ascent, ...runs.map(({ top }) => top)),
    descent: Math.max(own.descent, ...runs.map(({ bottom }) => bottom)),
    items,
    embedding,
    reach: reachOf(text, items),
    breaks: {
      good: breaksOf(text),
      bad: graphemesOf(text).map(({ index, segment }) => index + segment.length),
    },
  }
}

function itemsOf(text: string, levels: Uint8Array, faceOf: FaceOf): Item[] {
  const items: Item[] = []
  for (const { segment, index } of graphemesOf(text)) {
    const [face, level, end] = [faceOf(index), levels[index] ?? 0, index + segment.length]
    const last = items.at(-1)
    if (last && last.face === face && last.level === level) items[items.length - 1] = { ...last, end }
    else items.push({ start: index, end, face, level })
  }
  return items
}

/** A glyph may stand for several characters, which all reach as far as the last. */
function reachOf(text: string, items: readonly Item[]): number[] {
  const widths = new Array<number>(text.length).fill(0)
  for (const { start, end, face, level } of items) {
    for (const cluster of face.shape(text.slice(start, end), level % 2 === 1).clusters) {
      widths[start + cluster.start] = cluster.advance / face.unitsPerEm
    }
  }
  let sum = 0
  return [0, ...widths.map((width) => (sum += width))]
}

/** Scripts without spaces between words, for which UAX #14 requires a dictionary. */
const WITHOUT_SPACES = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu
const words = new Intl.Segmenter('th', { granularity: 'word' })

function breaksOf(text: string): number[] {
  const breaks = new Set<number>()
  const breaker = new LineBreaker(text)
  for (let next = breaker.nextBreak(); next; next = breaker.nextBreak()) breaks.add(next.position)
  for (const { 0: part, index } of text.matchAll(WITHOUT_SPACES)) {
    for (const word of words.segment(part)) if (word.index > 0) breaks.add(index + word.index)
  }
  return [...breaks].sort((a, b) => a - b)
}

/** Breaks a paragraph into lines of `width` ems; `isWhole`: no word had to be cut. */
export function linesOf(paragraph: Paragraph, width: number): { lines: Line[]; isWhole: boolean } {
  const lines: Line[] = []
  let isWhole = true
  let start = 0
  while (start < paragraph.text.length) {
    const good = lastFitting(paragraph, start, width, paragraph.breaks.good)
    if (good === null) isWhole = false
    const end =
      good ??
      lastFitting(paragraph, start, width, paragraph.breaks.bad) ??
      nextAfter(paragraph.breaks.bad, start)
    lines.push({ start, end: withoutSpaces(paragraph.text, start, end) })
    start = end
  }
  return { lines, isWhole }
}

function lastFitting(
  { text, reach }: Paragraph,
  start: number,
  width: number,
  breaks: readonly number[],
): number | null {
  let last: number | null = null
  for (const end of breaks) {
    if (end <= start) continue
    if ((reach[withoutSpaces(text, start, end)] ?? 0) - (reach[start] ?? 0) > width) break
    last = end
  }
  return last
}

const nextAfter = (places: readonly number[], start: number): number =>
  places.find((place) => place > start) ?? start + 1

function withoutSpaces(text: string, start: number, end: number): number {
  let last = end
  while (last > start && /\s/.test(text[last - 1] ?? '')) last--
  return last
}

/** Cuts a line to `width` ems with an ellipsis at its end. */
export function cutLine(
  paragraph: Paragraph,
  { start, end }: Line,
  width: number,
): { paragraph: Paragraph; line: Line } {
  const { text, own, items, isRightToLeft, breaks } = paragraph
  const faceAt = (index: number) => items.find((item) => index < item.end)?.face ?? own
  const ends = breaks.bad.filter((place) => place > start && place <= end).reverse()
  for (const place of [...ends, start]) {
    const kept = text.slice(start, withoutSpaces(text, start, place))
    const faceOf = (index: number) => (index < kept.length ? faceAt(start + index) : own)
    const cut = createParagraph(`${kept}${ELLIPSIS}`, faceOf, own, isRightToLeft ? 'rtl' : 'ltr')
    if ((cut.reach.at(-1) ?? 0) <= width || place === start)
      return { paragraph: cut, line: { start: 0, end: cut.text.length } }
  }
  throw new Error('a cut line must start with text')
}
const ELLIPSIS = '…'

/** Returns the runs of a line in logical order, each with its position (rules L1 and L2 of UAX #9). */
export function runsOf({ text, items, embedding }: Paragraph, { start, end }: Line): PlacedRun[] {
  const places = new Map<number, number>()
  if (end > start) {
    for (const [place, index] of bidi.getReorderedIndices(text, embedding, start, end - 1).entries())
      places.set(index, place)
  }
  const parts = items.flatMap((item) => {
    const [from, to] = [Math.max(item.start, start), Math.min(item.end, end)]
    if (from >= to) return []
    const place = Math.min(places.get(from) ?? 0, places.get(to - 1) ?? 0)
    return [{ place, run: item.face.shape(text.slice(from, to), item.level % 2 === 1) }]
  })
  const before = (place: number) =>
    parts.reduce((sum, part) => (part.place < place ? sum + part.run.width : sum), 0)
  return parts.map(({ place, run }) => ({ ...run, x: before(place) }))
}
