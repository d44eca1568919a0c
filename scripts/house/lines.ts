export const CODE_COLUMNS = 110
export const PROSE_COLUMNS = 100
export const FILE_LINES = 200

/** The numbers of the lines that are longer than `max` columns. */
export const longLines = (text: string, max: number): number[] =>
  text.split('\n').flatMap((line, index) => ([...line].length > max ? [index + 1] : []))

/**
 * Long lines of Markdown prose: not those of tables, of code blocks and of front matter, not headings, and no
 * line that a link or a code span without a space makes long.
 */
export function longProse(text: string, max = PROSE_COLUMNS): number[] {
  let fence = ''
  return text.split('\n').flatMap((line, index) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (fence) {
      if (mark?.startsWith(fence)) fence = ''
      return []
    }
    if (mark) {
      fence = mark
      return []
    }
    return isProse(line) && [...line].length > max && canBeWrapped(line, max) ? [index + 1] : []
  })
}

/**
 * Whether a line of Markdown outside of code blocks is prose: no table, no heading, no HTML, no definition of
 * a link.
 */
export const isProse = (line: string) => !/^\s*(\||#|<|\[[^\]]+\]:\s)/.test(line)

/** A line of one word and its indent cannot be wrapped: a link with its address often is one. */
function canBeWrapped(line: string, max: number): boolean {
  const words = splitWords(line.replace(/^\s*([-*+]|\d+\.|>)?\s*/, ''))
  return words.length > 1 && !words.some((word) => [...word].length > max - 20)
}

/** The words of a line of prose; a link and a code span are one word, however many spaces they have. */
export const splitWords = (line: string): string[] =>
  line.match(/(?:!?\[(?:[^\][]|\[[^\]]*\])*\]\([^)]*\)|`+[^`]*`+|[^\s`[]|\[|`)+/g) ?? []
