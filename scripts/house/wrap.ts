import { isProse, longProse, PROSE_COLUMNS, splitWords } from './lines.ts'

/** Words that have a meaning in Markdown at the start of a line. */
const MARKUP = /^([-*+]|#+|\d+[.)])$|^([>|]|```|~~~)/

/**
 * Wraps the paragraphs and list items of Markdown that have a prose line that is too long; others stay
 * unchanged.
 */
export function wrapProse(text: string, max = PROSE_COLUMNS): string {
  const long = new Set(longProse(text, max))
  const lines = text.split('\n')
  const out: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = endOfBlock(lines, at)
    const block = lines.slice(at, end)
    const isLong = block.some((_, index) => long.has(at + index + 1))
    const breaks = block.slice(0, -1).some((line) => / {2}$|\\$/.test(line))
    out.push(...(isLong && !breaks ? wrapBlock(block, max) : block))
    at = end
  }
  return out.join('\n')
}

/** A block is a paragraph or the first paragraph of a list item; any other line is a block by itself. */
function endOfBlock(lines: readonly string[], start: number): number {
  const first = lines[start] ?? ''
  const fence = /^\s*(```+|~~~+)/.exec(first)?.[1]
  if (fence) {
    const close = lines.findIndex((line, index) => index > start && line.trim().startsWith(fence))
    return close < 0 ? lines.length : close + 1
  }
  if (first.trim() === '' || !isProse(first)) return start + 1
  let end = start + 1
  while (end < lines.length && continues(lines[end] ?? '')) end++
  return end
}

const continues = (line: string) =>
  line.trim() !== '' && isProse(line) && !/^\s*([-*+>]|\d+[.)])\s|^\s*(```|~~~)/.test(line)

function wrapBlock(block: readonly string[], max: number): string[] {
  const lead = /^\s*(?:(?:[-*+]|\d+[.)])\s+|>\s+)*/.exec(block[0] ?? '')?.[0] ?? ''
  const quote = lead.includes('>')
  const indent = quote ? lead.replace(/[^>\s]/g, ' ') : ' '.repeat(lead.length)
  const text = [(block[0] ?? '').slice(lead.length), ...block.slice(1).map((line) => line.trim())].join(' ')
  const lines: string[] = []
  let line = lead
  for (const word of splitWords(text)) {
    const isFirst = line === lead || line === indent
    const length = [...line].length + [...word].length + (isFirst ? 0 : 1)
    if (isFirst || length <= max) line += isFirst ? word : ` ${word}`
    else {
      // A word that would be read as markup is wrapped together with the word before it.
      const cut = MARKUP.test(word) ? line.lastIndexOf(' ') : line.length
      lines.push(line.slice(0, cut))
      line = `${indent}${line.slice(cut + 1)}${cut < line.length ? ' ' : ''}${word}`
    }
  }
  return [...lines, line]
}
