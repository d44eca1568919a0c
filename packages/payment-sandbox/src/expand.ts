import type { Tx } from './database.ts'
import { invalidRequest } from './errors.ts'
import { findCharge, findIntent, findRefund } from './payment-repository.ts'
import { buildPaymentMethod } from './stripe-objects.ts'
import { findBehaviour } from './tokens.ts'

const DEPTH_MAX = 4

type Json = Record<string, unknown>

/**
 * Replaces the ids at `paths` by their objects: `latest_charge`, in a list `data.latest_charge`, nested
 * `payment_intent.latest_charge`. Throws a Refusal for a path that cannot be expanded.
 */
export function expand(tx: Tx, object: object, paths: readonly string[]): object {
  return paths.reduce((expanded: object, path) => {
    const segments = path.split('.')
    if (segments.length > DEPTH_MAX)
      throw invalidRequest(`You cannot expand more than ${DEPTH_MAX} levels of a property`)
    return expandPath(tx, expanded as Json, segments, path)
  }, object)
}

function expandPath(tx: Tx, object: Json, [name = '', ...rest]: string[], path: string): Json {
  if (!(name in object))
    throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand[]' })
  const value = object[name]
  if (Array.isArray(value))
    return { ...object, [name]: value.map((item) => expandPath(tx, item, rest, path)) }
  if (value === null) return object
  const found = typeof value === 'string' ? findObject(tx, name, value) : (value as Json)
  if (found === null)
    throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand[]' })
  return { ...object, [name]: rest.length > 0 ? expandPath(tx, found, rest, path) : found }
}

function findObject(tx: Tx, name: string, id: string): Json | null {
  const object = find()
  return object && { ...object }

  function find(): object | null {
    if (name === 'latest_charge' || name === 'charge') return findCharge(tx, id)
    if (name === 'payment_intent') return findIntent(tx, id)?.intent ?? null
    if (name === 'refund') return findRefund(tx, id)
    const behaviour = name === 'payment_method' ? findBehaviour(id) : null
    return behaviour && buildPaymentMethod(id, behaviour.card, 0)
  }
}
