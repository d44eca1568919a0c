import type { Font } from 'fontkit'
import {
  Blob,
  Buffer as Characters,
  Direction,
  Face as HarfBuzzFace,
  Font as HarfBuzzFont,
  shape,
} from 'harfbuzzjs'
import { LRUCache } from 'lru-cache'
import type { Cluster, Face, Run } from './face.ts'

/** Runs to remember per face: pages of an order show the same ones. */
const RUNS_MAX = 500

/** Creates a face from the bytes of a TrueType font, which are also `font`. */
export function createFace(name: string, bytes: Uint8Array, font: Font): Face {
  const shaping = new HarfBuzzFont(new HarfBuzzFace(new Blob(bytes), 0))
  const runs = new LRUCache<string, Run>({ max: RUNS_MAX })
  const { unitsPerEm } = font
  const face: Face = {
    name,
    font,
    unitsPerEm,
    ascent: font.ascent / unitsPerEm,
    descent: -font.descent / unitsPerEm,
    has: (codePoint) => font.hasGlyphForCodePoint(codePoint),
    shape(text, isRightToLeft) {
      const key = `${isRightToLeft ? '<' : '>'}${text}`
      const run = runs.get(key) ?? runOf(face, text, glyphsOf(shaping, text, isRightToLeft), isRightToLeft)
      runs.set(key, run)
      return run
    },
  }
  return face
}

interface ShapedGlyph {
  id: number
  cluster: number
  xAdvance: number
  xOffset: number
  yOffset: number
}

/** Returns glyphs from left to right, whatever the direction. */
function glyphsOf(font: HarfBuzzFont, text: string, isRightToLeft: boolean): ShapedGlyph[] {
  const characters = new Characters()
  characters.addText(text)
  characters.setDirection(isRightToLeft ? Direction.RTL : Direction.LTR)
  characters.guessSegmentProperties()
  shape(font, characters)
  return characters
    .getGlyphInfosAndPositions()
    .map(({ codepoint, cluster, xAdvance = 0, xOffset = 0, yOffset = 0 }) => ({
      id: codepoint,
      cluster,
      xAdvance,
      xOffset,
      yOffset,
    }))
}

function runOf(face: Face, text: string, shaped: readonly ShapedGlyph[], isRightToLeft: boolean): Run {
  const groups = Map.groupBy(shaped, ({ cluster }) => cluster)
  const starts = [...groups.keys()].sort((a, b) => a - b)
  const ends = new Map(starts.map((start, index) => [start, starts[index + 1]]))
  const clusters = [...groups].map(([start, glyphs]) => {
    const read = [...text.slice(start, ends.get(start))]
    return clusterOf(start, (isRightToLeft ? read.reverse() : read).join(''), glyphs)
  })
  const boxes = clusters.flatMap(({ parts }) => parts.map(({ id, y }) => ({ y, ...inkOf(face.font, id) })))
  return {
    face,
    text,
    clusters,
    width: clusters.reduce((sum, { advance }) => sum + advance, 0) / face.unitsPerEm,
    top: Math.max(0, ...boxes.map(({ y, maxY }) => y + maxY)) / face.unitsPerEm,
    bottom: Math.max(0, ...boxes.map(({ y, minY }) => -y - minY)) / face.unitsPerEm,
  }
}

function clusterOf(start: number, text: string, glyphs: readonly ShapedGlyph[]): Cluster {
  let advance = 0
  const parts = glyphs.map(({ id, xAdvance, xOffset, yOffset }) => {
    const part = { id, x: advance + xOffset, y: yOffset }
    advance += xAdvance
    return part
  })
  return { start, text, parts, advance }
}

function inkOf(font: Font, id: number): { minY: number; maxY: number } {
  const { minY, maxY } = font.getGlyph(id).cbox
  return minY <= maxY ? { minY, maxY } : { minY: 0, maxY: 0 } // of a space
}
