import type { Tx } from './database.ts'
import { invalidRequest } from './errors.ts'
import { expand } from './expand.ts'
import type { Form } from './form.ts'
import { type Condition, readLimit, selectBodies } from './lists.ts'
import { readText, readTexts, refuseUnknown, requireText } from './params.ts'

/**
 * GET /v1/payment_intents/search: the subset of Stripe's query language with `metadata['key']:'value'` and
 * `status:'value'`, joined by AND; either kind of quote. Unlike Stripe's, which may lag a minute, it sees
 * every commit.
 */
export function searchIntents(read: Tx, params: Form): object {
  refuseUnknown(params, ['query', 'limit', 'page', 'expand'])
  const conditions = parseQuery(requireText(params, 'query'))
  const limit = readLimit(params)
  const page = readText(params, 'page')
  if (page !== null) conditions.push({ sql: 'position < ?', values: [Number.parseInt(page, 36)] })
  const rows = selectBodies(read, 'payment_intents', conditions, 'desc', limit + 1)
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  const result = {
    object: 'search_result',
    data: shown.map((row) => JSON.parse(row.body)),
    has_more: more,
    next_page: more ? last.position.toString(36) : null,
    url: '/v1/payment_intents/search',
  }
  return expand(read, result, readTexts(params, 'expand'))
}

const QUOTED = `'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*"`
const term = new RegExp(`\\s*(?:metadata\\[(${QUOTED})\\]|(status))\\s*:\\s*(${QUOTED})\\s*`, 'y')
const and = /AND\b/iy

function parseQuery(query: string): Condition[] {
  const conditions: Condition[] = []
  term.lastIndex = 0
  while (true) {
    const match = term.exec(query)
    if (match === null) throw unsupported(query)
    const [, key, , value = ''] = match
    conditions.push(key === undefined ? hasStatus(unquote(value)) : hasMetadata(unquote(key), unquote(value)))
    and.lastIndex = match.index + match[0].length
    if (and.lastIndex === query.length) return conditions
    if (!and.test(query)) throw unsupported(query)
    term.lastIndex = and.lastIndex
  }
}

const hasStatus = (status: string): Condition => ({ sql: 'status = ?', values: [status] })

const hasMetadata = (key: string, value: string): Condition => ({
  sql: 'id in (select payment_intent_id from payment_intent_metadata where key = ? and value = ?)',
  values: [key, value],
})

const unquote = (quoted: string) => quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1')

const unsupported = (query: string) =>
  invalidRequest(
    `We were unable to parse your search query: ${query}. The sandbox knows metadata['key']:'value' and ` +
      "status:'value', joined by AND.",
    { param: 'query' },
  )
