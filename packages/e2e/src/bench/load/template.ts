import { randomUUID } from 'node:crypto'

/**
 * Requests that differ in a few places: `{{name}}` stands for a value of that column, the one of the turn
 * (again from the first when there are no more), `{{uuid}}` for a new id.
 */
export interface RequestTemplate {
  method: string
  /** With host and port. */
  url: string
  headers?: Readonly<Record<string, string>>
  body?: string
  columns?: Readonly<Record<string, readonly string[]>>
}

type Piece = string | readonly string[] | (() => string)

/** The bytes to send in each turn. Throws where a column is not there. */
export function compileTemplate({
  method,
  url,
  headers = {},
  body,
  columns = {},
}: RequestTemplate): (turn: number) => string {
  const [, host = '', path = '/'] = /^http:\/\/([^/]+)(.*)$/.exec(url) ?? []
  const lines = Object.entries({
    host,
    ...headers,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  })
  const head = piecesOf(
    `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`,
    columns,
  )
  if (body === undefined) return (turn) => `${fill(head, turn)}\r\n`
  const content = piecesOf(body, columns)
  return (turn) => {
    const text = fill(content, turn)
    return `${fill(head, turn)}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  }
}

function piecesOf(text: string, columns: Readonly<Record<string, readonly string[]>>): Piece[] {
  return text.split(/\{\{(\w+)\}\}/).map((part, index): Piece => {
    if (index % 2 === 0) return part
    if (part === 'uuid') return randomUUID
    const values = columns[part]
    if (!values || values.length === 0) throw new Error(`there is no column ${part}`)
    return values
  })
}

function fill(pieces: readonly Piece[], turn: number): string {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if (typeof piece === 'function') text += piece()
    else text += piece[turn % piece.length]
  }
  return text
}
