import { parseAst } from 'vitest/node'

/** A node of the syntax tree. */
interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

export interface LongFunction {
  file: string
  /** Name of the declaration, variable, property or method; `anonymous` if there is none. */
  name: string
  line: number
  lines: number
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/**
 * Finds functions whose body has `max` lines of code or more, braces included, blank lines and comments not.
 * Close to Biome's `noExcessiveLinesPerFunction`, which cannot count in an older revision.
 */
export function longFunctions(file: string, source: string, max = 70): LongFunction[] {
  if (source.split('\n').length < max) return []
  const lineAt = lineCounter(source)
  const nodes = nodesOf(source)
  const names = functionNames(nodes)
  return nodes.flatMap((node) => {
    if (!FUNCTIONS.has(node.type) || !isNode(node.body)) return []
    const lines = codeLines(source.slice(node.body.start, node.body.end))
    if (lines < max) return []
    return [{ file, name: names.get(node) ?? 'anonymous', line: lineAt(node.start), lines }]
  })
}

/** Maps functions to their own names, or those of the variables, properties and methods that hold them. */
function functionNames(nodes: readonly Node[]): Map<unknown, string> {
  const names = new Map<unknown, string>()
  for (const node of nodes) {
    const { id, key, init, value } = node
    const named = isNode(id) ? id : isNode(key) ? key : null
    if (typeof named?.name === 'string')
      names.set(FUNCTIONS.has(node.type) ? node : (init ?? value), named.name)
  }
  return names
}

const codeLines = (text: string) =>
  text.split('\n').filter((line) => line.trim() !== '' && !/^\s*(\/\/|\/?\*)/.test(line)).length

const STATEMENTS = [
  /select\s+\S/,
  /insert\s+into\s/,
  /update\s+\S+\s+(\w+\s+)?set\s/,
  /delete\s+from\s/,
  /with\s+(recursive\s+)?\w+\s*(\([^)]*\)\s*)?as\s/,
  /lock\s+table\s/,
  /truncate\s+\w/,
]
const SQL = new RegExp(`^\\s*(${STATEMENTS.map(({ source }) => source).join('|')})`, 'i')

/** Finds the lines with a string that begins with an SQL statement. */
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
