export const CODE_COLUMNS = 110
export const PROSE_COLUMNS = 100
export const FILE_LINES = 200

/** Returns the numbers of the lines longer than `max` columns. */
export const longLines = (text: string, max: number): number[] =>
  text.split('\n').flatMap((line, index) => ([...line].length > max ? [index + 1] : []))

const isComment = (line = '') => /^\s*(\/\/|\/?\*)/.test(line)

/** Returns the numbers of lines of TypeScript over 110 columns: those of code and those of comments. */
export function longLinesByKind(text: string): { code: number[]; comments: number[] } {
  const lines = text.split('\n')
  const long = longLines(text, CODE_COLUMNS)
  return {
    code: long.filter((line) => !isComment(lines[line - 1])),
    comments: long.filter((line) => isComment(lines[line - 1])),
  }
}

/**
 * Returns the numbers of long lines of Markdown prose: without tables, code blocks, front matter and
 * headings, and without lines that cannot be wrapped.
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
 * Returns whether a line of Markdown outside code blocks is prose: no table, heading, HTML or link
 * definition.
 */
export const isProse = (line: string) => !/^\s*(\||#|<|\[[^\]]+\]:\s)/.test(line)

/** A line of one word cannot be wrapped; a link with its address often is one. */
function canBeWrapped(line: string, max: number): boolean {
  const words = splitWords(line.replace(/^\s*([-*+]|\d+\.|>)?\s*/, ''))
  return words.length > 1 && !words.some((word) => [...word].length > max - 20)
}

/** Splits a line of prose into words; a link or a code span is one word, even with spaces. */
export const splitWords = (line: string): string[] =>
  line.match(/(?:!?\[(?:[^\][]|\[[^\]]*\])*\]\([^)]*\)|`+[^`]*`+|[^\s`[]|\[|`)+/g) ?? []
