import { CODE_COLUMNS, splitWords } from './lines.ts'

/**
 * Wraps the paragraphs of TypeScript comments that have a line of more than `max` columns. Code and trailing
 * comments stay unchanged.
 */
export function wrapComments(text: string, max = CODE_COLUMNS): string {
  const lines = text.split('\n')
  const out: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = endOfComment(lines, at)
    const block = lines.slice(at, end)
    out.push(...(block.some((line) => [...line].length > max) ? wrapBlock(block, max) : block))
    at = end
  }
  return out.join('\n')
}

const ONE_LINE = /^(\s*)\/\*\*? (.*) \*\/$/
const PART = /^(\s*)(\/\/|\*) (?=\S)(?!@|- |\* |\d+\. |biome-ignore|\|)(.*)$/

/** Returns the end of the comment paragraph that starts at a line; any other line is a block by itself. */
function endOfComment(lines: readonly string[], start: number): number {
  const first = PART.exec(lines[start] ?? '')
  if (!first || (lines[start] ?? '').endsWith('*/')) return start + 1
  let end = start + 1
  for (; end < lines.length; end++) {
    const next = PART.exec(lines[end] ?? '')
    if (next?.[1] !== first[1] || next?.[2] !== first[2] || (lines[end] ?? '').endsWith('*/')) break
  }
  return end
}

function wrapBlock(block: readonly string[], max: number): string[] {
  const [line = ''] = block
  const single = block.length === 1 ? ONE_LINE.exec(line) : null
  if (single) {
    const [, indent = '', text = ''] = single
    return [`${indent}/**`, ...fill(text, `${indent} * `, max), `${indent} */`]
  }
  const part = PART.exec(line)
  if (!part) return [...block]
  const [, indent = '', mark = ''] = part
  return fill(block.map((one) => PART.exec(one)?.[3] ?? '').join(' '), `${indent}${mark} `, max)
}

function fill(text: string, lead: string, max: number): string[] {
  const lines: string[] = []
  let line = lead
  for (const word of splitWords(text)) {
    const isFirst = line === lead
    if (isFirst || [...line].length + 1 + [...word].length <= max) line += isFirst ? word : ` ${word}`
    else {
      lines.push(line)
      line = lead + word
    }
  }
  return [...lines, line]
}
