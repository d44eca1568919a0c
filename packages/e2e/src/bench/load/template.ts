import { randomUUID } from 'node:crypto'

/**
 * A template for requests: `{{name}}` is replaced by the column's value for the request's index (repeating
 * from the first), `{{uuid}}` by a new id.
 */
export interface RequestTemplate {
  method: string
  /** Includes host and port. */
  url: string
  headers?: Readonly<Record<string, string>>
  body?: string
  columns?: Readonly<Record<string, readonly string[]>>
}

type Piece = string | readonly string[] | (() => string)

/** Returns a function that renders the request with an index. Throws if a column is missing. */
export function compileTemplate({
  method,
  url,
  headers = {},
  body,
  columns = {},
}: RequestTemplate): (index: number) => string {
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
  if (body === undefined) return (index) => `${fill(head, index)}\r\n`
  const content = piecesOf(body, columns)
  return (index) => {
    const text = fill(content, index)
    return `${fill(head, index)}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  }
}

function piecesOf(text: string, columns: Readonly<Record<string, readonly string[]>>): Piece[] {
  return text.split(/\{\{(\w+)\}\}/).map((part, index): Piece => {
    if (index % 2 === 0) return part
    if (part === 'uuid') return randomUUID
    const values = columns[part]
    if (!values || values.length === 0) throw new Error(`no column ${part}`)
    return values
  })
}

function fill(pieces: readonly Piece[], index: number): string {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if (typeof piece === 'function') text += piece()
    else text += piece[index % piece.length]
  }
  return text
}
