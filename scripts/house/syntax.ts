import { parseAst } from 'vitest/node'

/** A node of the syntax tree, as far as the figures look at it. */
interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

export interface LongFunction {
  file: string
  line: number
  lines: number
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/**
 * Functions of `max` lines of code and more: of the body, braces included, without blank lines and comments.
 * That is close to what Biome's `noExcessiveLinesPerFunction` counts, which cannot be asked about a revision.
 */
export function longFunctions(file: string, source: string, max = 70): LongFunction[] {
  if (source.split('\n').length < max) return []
  const lineAt = lineCounter(source)
  return nodesOf(source).flatMap((node) => {
    if (!FUNCTIONS.has(node.type) || !isNode(node.body)) return []
    const lines = codeLines(source.slice(node.body.start, node.body.end))
    return lines >= max ? [{ file, line: lineAt(node.start), lines }] : []
  })
}

const codeLines = (text: string) =>
  text.split('\n').filter((line) => line.trim() !== '' && !/^\s*(\/\/|\/?\*)/.test(line)).length

const SQL =
  /^\s*(select\s+\S|insert\s+into\s|update\s+\S+\s+(\w+\s+)?set\s|delete\s+from\s|with\s+(recursive\s+)?\w+\s*(\([^)]*\)\s*)?as\s|lock\s+table\s|truncate\s+\w)/i

/** The lines on which a string begins with a statement of SQL. */
export function sqlLines(source: string): number[] {
  if (!/select|insert|update|delete|with|lock|truncate/i.test(source)) return []
  const lineAt = lineCounter(source)
  return nodesOf(source)
    .filter((node) => SQL.test(textOf(node)))
    .map((node) => lineAt(node.start))
}

function textOf(node: Node): string {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return ''
  return node.quasis.map((part: { value: { raw: string } }) => part.value.raw).join('x')
}

function nodesOf(source: string): Node[] {
  const found: Node[] = []
  const waiting: unknown[] = [parseAst(source, { lang: 'ts' })]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next.filter((item) => item !== null))
    else if (typeof next === 'object' && next !== null) {
      if (isNode(next)) found.push(next)
      waiting.push(...Object.values(next).filter((value) => typeof value === 'object' && value !== null))
    }
  }
  return found.toSorted((a, b) => a.start - b.start)
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value

function lineCounter(source: string): (offset: number) => number {
  const ends = [...source.matchAll(/\n/g)].map(({ index }) => index)
  return (offset) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}
