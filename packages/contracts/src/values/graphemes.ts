// What people see as one character may be several code points, and of several bytes each: a letter with its
// marks, a flag, a family. The rules of UAX #29, as the engine has them.
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** ASCII characters are one grapheme each, but for a line break of two, which no single line has. */
const ASCII = /^[\x20-\x7e]*$/

/** The characters of a text as people see them. */
export const graphemesOf = (text: string): string[] =>
  ASCII.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment)

/**
 * Whether a text has more than `max` characters as people see them. No text has more of them than UTF-16 code
 * units.
 */
export function hasMoreThan(text: string, max: number): boolean {
  if (text.length <= max) return false
  if (ASCII.test(text)) return true
  let count = 0
  for (const _ of segmenter.segment(text)) if (++count > max) return true
  return false
}

/**
 * The first characters of a text as people see them: at most `max`, and as many as fit into so many bytes of
 * UTF-8.
 */
export function cutToGraphemes(text: string, max: number, bytesMax = Number.POSITIVE_INFINITY): string {
  if (text.length <= max && 3 * text.length <= bytesMax) return text
  let count = 0
  let bytes = 0
  for (const { index, segment } of segmenter.segment(text)) {
    bytes += utf8.encode(segment).length
    if (++count > max || bytes > bytesMax) return text.slice(0, index)
  }
  return text
}
const utf8 = new TextEncoder()
