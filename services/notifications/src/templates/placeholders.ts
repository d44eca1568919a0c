import Handlebars from 'handlebars'

/**
 * The path of a placeholder's value: `up` lists out of the current one, then these names; none: the element
 * itself.
 */
export interface Path {
  readonly up: number
  readonly parts: readonly string[]
}

/** A value that a template needs. */
export type Placeholder =
  | { readonly kind: 'text'; readonly path: Path; readonly line: number; readonly isUrl: boolean }
  | {
      readonly kind: 'choice'
      readonly path: Path
      readonly line: number
      readonly negated: boolean
      readonly nodes: readonly Placeholder[]
      readonly otherwise: readonly Placeholder[]
    }
  | {
      readonly kind: 'list'
      readonly path: Path
      readonly line: number
      readonly nodes: readonly Placeholder[]
      readonly otherwise: readonly Placeholder[]
    }

export interface Fault {
  readonly line: number
  readonly what: string
}

/** Values that mails can use with `@`. A text message has none. */
export const ofMails = ['firstName', 'subject'] as const
const OF_LISTS = ['index', 'first', 'last']
const BLOCKS = ['if', 'unless', 'each']

/**
 * Reads the placeholders of a template and its faults; Handlebars reports syntax errors. `ours`: values
 * available with `@`.
 */
export function readPlaceholders(
  source: string,
  ours: readonly string[],
): { placeholders: readonly Placeholder[]; faults: readonly Fault[] } {
  const faults: Fault[] = []
  try {
    return {
      placeholders: nodesOf(Handlebars.parse(source), false, { ours, lists: 0, faults }).nodes,
      faults,
    }
  } catch (error) {
    const { message } = error as Error
    const line = Number(/on line (\d+)|^(?:.*- )?(\d+):\d+$/.exec(message)?.slice(1).find(Boolean) ?? 1)
    return { placeholders: [], faults: [{ line, what: message.replaceAll('\n', ' ') }] }
  }
}

interface Reading {
  readonly ours: readonly string[]
  /** The number of open lists. */
  readonly lists: number
  readonly faults: Fault[]
}

interface Read {
  readonly nodes: readonly Placeholder[]
  /** Whether a value at this point would be the start of a link. */
  readonly atUrl: boolean
}

/** `atUrl`: whether the program starts where a link begins. */
function nodesOf(program: hbs.AST.Program | undefined, atUrl: boolean, reading: Reading): Read {
  const nodes: Placeholder[] = []
  let next = atUrl
  for (const statement of program?.body ?? []) {
    const read = readStatement(statement, next, reading)
    nodes.push(...read.nodes)
    next = read.atUrl
  }
  return { nodes, atUrl: next }
}

function readStatement(statement: hbs.AST.Statement, atUrl: boolean, reading: Reading): Read {
  const { line } = statement.loc.start
  const fault = (what: string): Read => {
    reading.faults.push({ line, what })
    return { nodes: [], atUrl: false }
  }
  if (statement.type === 'CommentStatement') return { nodes: [], atUrl }
  if (statement.type === 'ContentStatement') {
    const { value } = statement as hbs.AST.ContentStatement
    return { nodes: [], atUrl: BEGINS_URL.test(value) || (atUrl && value.trim() === '') }
  }
  if (statement.type === 'MustacheStatement') {
    const { path, params, hash, escaped } = statement as hbs.AST.MustacheStatement
    const name = (path as hbs.AST.PathExpression).original
    if (!escaped) return fault(`{{{${name}}}} is not escaped: write {{${name}}}`)
    if (params.length > 0 || hash || BLOCKS.includes(name))
      return fault(`there is no helper ${name}, only ${BLOCKS.join(', ')}`)
    const read = pathOf(path as hbs.AST.PathExpression, reading)
    if (typeof read === 'string') return fault(read)
    if (read === null) return atUrl ? fault(`${name} is not a link`) : { nodes: [], atUrl }
    return { nodes: [{ kind: 'text', path: read, line, isUrl: atUrl }], atUrl: false }
  }
  if (statement.type !== 'BlockStatement') return fault('partials and decorators are not supported')
  return readBlock(statement as hbs.AST.BlockStatement, atUrl, reading, fault)
}

function readBlock(
  { path, params, hash, program, inverse, loc }: hbs.AST.BlockStatement,
  atUrl: boolean,
  reading: Reading,
  fault: (what: string) => Read,
): Read {
  const name = path.original
  if (!BLOCKS.includes(name)) return fault(`there is no helper ${name}, only ${BLOCKS.join(', ')}`)
  const [about] = params
  if (params.length !== 1 || hash || about?.type !== 'PathExpression' || program.blockParams?.length)
    return fault(`#${name} takes one name, and nothing else`)
  const read = pathOf(about as hbs.AST.PathExpression, reading)
  if (typeof read === 'string') return fault(read)
  const inner = name === 'each' ? { ...reading, lists: reading.lists + 1 } : reading
  const { nodes, ...end } = nodesOf(program, atUrl, inner)
  const { nodes: otherwise, ...otherEnd } = nodesOf(inverse, atUrl, reading)
  const ends = { atUrl: end.atUrl || otherEnd.atUrl }
  // Our values always exist, so only the block's content needs checking.
  if (read === null)
    return name === 'each'
      ? fault(`${about.type} is not a list`)
      : { nodes: [...nodes, ...otherwise], ...ends }
  const { line } = loc.start
  return name === 'each'
    ? { nodes: [{ kind: 'list', path: read, line, nodes, otherwise }], ...ends }
    : { nodes: [{ kind: 'choice', path: read, line, negated: name === 'unless', nodes, otherwise }], ...ends }
}

/** Names such as `constructor` and `toString`, which no value may have. */
export const isOfPrototypes = (name: string): boolean => name in Object.prototype

/** Attributes whose value is a link or an external resource. */
const BEGINS_URL = /[\s/"'](?:href|src|action|background)\s*=\s*["']?\s*$/i

/** Returns the path of a value; null if it is ours; a string says what is wrong with it. */
function pathOf(
  { type, data, depth, parts, original }: hbs.AST.PathExpression,
  { ours, lists }: Reading,
): Path | string | null {
  if (type !== 'PathExpression') return 'only names are supported'
  if (data) {
    const [name = ''] = parts
    const known = lists > 0 ? [...ours, ...OF_LISTS] : ours
    return parts.length === 1 && depth === 0 && known.includes(name)
      ? null
      : `there is no ${original}` +
          (known.length > 0 ? `, only ${known.map((one) => `@${one}`).join(', ')}` : '')
  }
  if (parts.some(isOfPrototypes)) return `${original} has a name of Object.prototype`
  if (depth > lists) return `${original} goes up more lists than are open`
  if (parts.length === 0 && depth === lists) return 'this is an element of a list'
  return { up: depth, parts }
}
