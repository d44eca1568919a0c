// User-perceived characters (UAX #29): one may be several code points, each of several bytes, such as a
// letter with its marks, a flag, a family.
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** ASCII characters are one grapheme each, except CRLF, which no single line contains. */
const ASCII = /^[\x20-\x7e]*$/

/** Returns the user-perceived characters of a text. */
export const graphemesOf = (text: string): string[] =>
  ASCII.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment)

/**
 * Returns whether a text has more than `max` user-perceived characters. It never has more of them than UTF-16
 * code units.
 */
export function hasMoreThan(text: string, max: number): boolean {
  if (text.length <= max) return false
  if (ASCII.test(text)) return true
  let count = 0
  for (const _ of segmenter.segment(text)) if (++count > max) return true
  return false
}

/**
 * Returns the first user-perceived characters of a text: at most `max`, and as many as fit into so many bytes
 * of UTF-8.
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
