import * as platform from '../../packages/contracts/src/http/refusals.ts'
import {
  impliedRefusals,
  publicApi,
  type RefusalDefinition,
  type Route,
} from '../../packages/contracts/src/index.ts'

/** The page with the table. */
export const refusalTableFile = 'docs/api.md'

const BEGIN = '<!-- refusals: written by `npm run from-contracts` -->'
const END = '<!-- end of refusals -->'

/** Returns the page with the table of the contract's refusals. Throws if the page lacks the markers. */
export function withRefusalTable(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const [, after] = rest?.split(END) ?? []
  if (before === undefined || after === undefined)
    throw new Error(`${refusalTableFile} lacks the markers of the table: ${BEGIN} … ${END}`)
  return `${before}${BEGIN}\n\n${refusalTable()}\n\n${END}${after}`
}

interface Listed {
  status: number
  code: string
  messages: Set<string>
  fields: Set<string>
  calls: Set<string>
}

function refusalTable(): string {
  const found = new Map<string, Listed>()
  const add = ({ status, code, message, fields }: RefusalDefinition, call?: string) => {
    const name = `${status} ${code}`
    const one = found.get(name) ?? { status, code, messages: new Set(), fields: new Set(), calls: new Set() }
    one.messages.add(message)
    for (const field of Object.keys(fields)) one.fields.add(`\`${field}\``)
    if (call) one.calls.add(call)
    found.set(name, one)
  }
  const { ROUTE_NOT_FOUND, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INTERNAL } = platform
  for (const refusal of [ROUTE_NOT_FOUND, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INTERNAL]) add(refusal)
  const everywhere = new Set([...found.keys()])
  for (const [name, route] of Object.values(publicApi).flatMap((routes) =>
    Object.entries(routes as Record<string, Route>),
  )) {
    for (const refusal of impliedRefusals(route)) {
      add(refusal)
      everywhere.add(`${refusal.status} ${refusal.code}`)
    }
    for (const refusal of route.refusals ?? []) add(refusal, name)
  }
  const rows = [...found.entries()]
    .sort(([, a], [, b]) => a.status - b.status || a.code.localeCompare(b.code))
    .map(([name, { status, code, messages, fields, calls }]) => [
      String(status),
      `\`${code}\``,
      [...messages].join(' / '),
      [...fields].join(', '),
      everywhere.has(name) ? 'any' : [...calls].join(', '),
    ])
  return tableOf([
    ['status', '`error`', 'message, where there is none more precise', 'may have', 'operations'],
    ...rows,
  ])
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join(
    '\n',
  )
}
