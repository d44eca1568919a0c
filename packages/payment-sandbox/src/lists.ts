import type { SQLInputValue } from 'node:sqlite'
import type { Tx } from './database.ts'
import { invalidRequest } from './errors.ts'
import { expand } from './expand.ts'
import type { Form } from './form.ts'
import { readForm, readInteger, readText, readTexts, refuseUnknown } from './params.ts'

const LIMIT_DEFAULT = 10
const LIMIT_MAX = 100

export interface Condition {
  sql: string
  values: SQLInputValue[]
}

export interface Listing {
  table: 'payment_intents' | 'refunds' | 'stripe_events'
  /** The object's name in Stripe's messages. */
  thing: 'payment_intent' | 'refund' | 'event'
  url: string
  /** Names of further parameters, and their SQL conditions. */
  filters: readonly string[]
  conditions(params: Form): Condition[]
}

/**
 * Lists objects as Stripe does: newest first, `limit` (1 to 100, 10), `starting_after` an id for older
 * objects, `ending_before` an id for newer ones, `created` a time in seconds or `created[gt|gte|lt|lte]`.
 */
export function listObjects(read: Tx, listing: Listing, params: Form): object {
  refuseUnknown(params, ['limit', 'starting_after', 'ending_before', 'created', 'expand', ...listing.filters])
  const limit = readLimit(params)
  const after = readText(params, 'starting_after')
  const before = readText(params, 'ending_before')
  if (after !== null && before !== null)
    throw invalidRequest('You may only specify one of these parameters: starting_after, ending_before.')
  const conditions = [...listing.conditions(params), ...createdConditions(params)]
  if (after !== null)
    conditions.push({
      sql: 'position < ?',
      values: [requirePosition(read, listing, after, 'starting_after')],
    })
  if (before !== null)
    conditions.push({
      sql: 'position > ?',
      values: [requirePosition(read, listing, before, 'ending_before')],
    })

  const rows = selectBodies(read, listing.table, conditions, before === null ? 'desc' : 'asc', limit + 1)
  const page = rows.slice(0, limit)
  const list = {
    object: 'list',
    data: (before === null ? page : page.reverse()).map((row) => JSON.parse(row.body)),
    has_more: rows.length > limit,
    url: listing.url,
  }
  return expand(read, list, readTexts(params, 'expand'))
}

/** Returns the bodies of the objects that meet all conditions, by position. */
export function selectBodies(
  read: Tx,
  table: Listing['table'],
  conditions: Condition[],
  direction: 'asc' | 'desc',
  limit: number,
): { position: number; body: string }[] {
  const where = ['true', ...conditions.map((condition) => condition.sql)].join(' and ')
  return read.all(
    `select position, body from ${table} where ${where} order by position ${direction} limit ?`,
    ...conditions.flatMap((condition) => condition.values),
    limit,
  )
}

export function readLimit(params: Form): number {
  const limit = readInteger(params, 'limit') ?? LIMIT_DEFAULT
  if (limit >= 1 && limit <= LIMIT_MAX) return limit
  throw invalidRequest(`This value must be between 1 and ${LIMIT_MAX}.`, {
    code: 'parameter_invalid_integer',
    param: 'limit',
  })
}

/** Returns the condition `column = value` if the parameter is present. */
export function equals(params: Form, column: string): Condition[] {
  const value = readText(params, column)
  return value === null ? [] : [{ sql: `${column} = ?`, values: [value] }]
}

const comparisons = [
  ['gt', '>'],
  ['gte', '>='],
  ['lt', '<'],
  ['lte', '<='],
] as const

function createdConditions(params: Form): Condition[] {
  if (typeof params.created !== 'object') {
    const created = readInteger(params, 'created')
    return created === null ? [] : [{ sql: 'created = ?', values: [created] }]
  }
  const range = readForm(params, 'created') ?? {}
  refuseUnknown(
    range,
    comparisons.map(([name]) => name),
  )
  return comparisons.flatMap(([name, operator]) => {
    const value = readInteger(range, name)
    return value === null ? [] : [{ sql: `created ${operator} ?`, values: [value] }]
  })
}

function requirePosition(read: Tx, { table, thing }: Listing, id: string, param: string): number {
  const row = read.get<{ position: number }>(`select position from ${table} where id = ?`, id)
  if (row !== null) return row.position
  throw invalidRequest(`No such ${thing}: '${id}'`, { code: 'resource_missing', param })
}
