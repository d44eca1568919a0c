import type { Font, Glyph, Subset } from 'fontkit'
import type { Cluster } from './face.ts'

/** Glyphs of fonts have lower numbers; glyphs made here start at this one. */
const GLYPHS_MAX = 0x10000

/**
 * Flags of a component of a composite glyph (OpenType, glyf): its offset is in words and in units, and
 * another component follows.
 */
const [IN_WORDS, IN_UNITS, MORE] = [0x0001, 0x0002, 0x0020]
const HEADER_BYTES = 10
const PART_BYTES = 8
/** Deeper than the composite glyphs of any font. */
const DEPTH_MAX = 8

/**
 * Makes one glyph of each cluster in a document: a composite of its parts, mapped to the text that it stands
 * for. So the text copied from the document is what was written, in any PDF reader: single glyphs do not tell
 * that a dot belongs to a letter, or that a vowel is drawn before its consonant.
 */
export function createClusterGlyphs(font: Font) {
  const numbers = new Map<string, number>()
  const made: Cluster[] = []

  /**
   * Returns the glyph number of a cluster; numbers are given in order of first use, which no document shows.
   */
  function numberOf(cluster: Cluster): number {
    const key = `${cluster.parts.map(({ id, x, y }) => `${id} ${x} ${y}`).join()} ${cluster.text}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    const number = GLYPHS_MAX + made.push(cluster) - 1
    numbers.set(key, number)
    return number
  }
  const advanceOf = ({ parts }: Cluster) =>
    parts.reduce((sum, { id }) => sum + font.getGlyph(id).advanceWidth, 0)

  return {
    glyphOf: (cluster: Cluster): Glyph => ({
      id: numberOf(cluster),
      codePoints: [...cluster.text].map((character) => character.codePointAt(0) ?? 0),
      advanceWidth: advanceOf(cluster),
    }),
    /** The font, allowing composites of composites. */
    deep: Object.create(font, {
      maxp: { get: () => ({ ...font.maxp, maxComponentDepth: DEPTH_MAX, maxComponentElements: 0xff }) },
    }) as Font,
    /** Returns a subset of the font that includes these glyphs. */
    addedTo(subset: Subset): Subset {
      const add = subset._addGlyph.bind(subset)
      return Object.assign(subset, {
        _addGlyph(id: number) {
          const cluster = made[id - GLYPHS_MAX]
          if (!cluster) return add(id)
          const [part, ...others] = cluster.parts
          if (part && others.length === 0 && part.x === 0 && part.y === 0) return add(part.id)
          return addComposite(subset, cluster, font, advanceOf(cluster))
        },
      })
    },
  }
}

function addComposite(subset: Subset, { parts }: Cluster, font: Font, advance: number): number {
  const boxes = parts.flatMap(({ id, x, y }) => {
    const { minX, minY, maxX, maxY } = font.getGlyph(id).cbox
    // a space has no ink
    return minX <= maxX ? [{ minX: minX + x, minY: minY + y, maxX: maxX + x, maxY: maxY + y }] : []
  })
  const least = (side: 'minX' | 'minY') =>
    Math.min(...boxes.map((box) => box[side]), boxes.length > 0 ? Number.POSITIVE_INFINITY : 0)
  const most = (side: 'maxX' | 'maxY') =>
    Math.max(...boxes.map((box) => box[side]), boxes.length > 0 ? Number.NEGATIVE_INFINITY : 0)
  const bytes = Buffer.alloc(HEADER_BYTES + parts.length * PART_BYTES)
  bytes.writeInt16BE(-1, 0)
  for (const [index, value] of [least('minX'), least('minY'), most('maxX'), most('maxY')].entries())
    bytes.writeInt16BE(value, 2 + index * 2)
  for (const [index, { id, x, y }] of parts.entries()) {
    const at = HEADER_BYTES + index * PART_BYTES
    bytes.writeUInt16BE(IN_WORDS | IN_UNITS | (index < parts.length - 1 ? MORE : 0), at)
    bytes.writeUInt16BE(subset.includeGlyph(id), at + 2)
    bytes.writeInt16BE(x, at + 4)
    bytes.writeInt16BE(y, at + 6)
  }
  subset.glyf.push(bytes)
  subset.loca.offsets.push(subset.offset)
  subset.hmtx.metrics.push({ advance, bearing: least('minX') })
  subset.offset += bytes.length
  return subset.glyf.length - 1
}
