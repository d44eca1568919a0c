import { invalidRequest } from './errors.ts'

/**
 * A parsed form in bracket notation: `a[b]=1&c[0]=2` is `{ a: { b: '1' }, c: { 0: '2' } }`. Arrays are
 * objects with numeric keys.
 */
export interface Form {
  [name: string]: string | Form
}

const PAIRS_MAX = 1_000
const DEPTH_MAX = 6

/** Parses a form-encoded body or query string as Stripe does. Throws a Refusal if it is malformed. */
export function parseForm(text: string): Form {
  const form = emptyForm()
  const pairs = text.split('&').filter((pair) => pair !== '')
  if (pairs.length > PAIRS_MAX) throw invalidRequest(`At most ${PAIRS_MAX} parameters may be sent.`)
  for (const pair of pairs) {
    const split = pair.indexOf('=')
    const name = decode(split === -1 ? pair : pair.slice(0, split))
    set(form, name, split === -1 ? '' : decode(pair.slice(split + 1)))
  }
  return form
}

/** Returns the same text for equivalent forms, whatever the order of their parameters. */
export function canonicalForm(form: Form): string {
  const entries = Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : canonicalForm(value)]),
  )
}

function set(form: Form, name: string, value: string): void {
  const [, first, brackets = ''] = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name) ?? []
  if (first === undefined) throw invalidRequest(`Invalid parameter name: ${name}`)
  const path = [first, ...[...brackets.matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1] ?? '')]
  if (path.length > DEPTH_MAX) throw invalidRequest(`Parameters may be nested ${DEPTH_MAX} deep: ${name}`)

  let place = form
  for (const [index, segment] of path.entries()) {
    const key = segment === '' ? String(Object.keys(place).length) : segment
    if (index === path.length - 1) {
      if (typeof place[key] === 'object') throw invalidRequest(`Invalid object: ${name}`, { param: first })
      place[key] = value
      return
    }
    place[key] ??= emptyForm()
    const next = place[key]
    if (typeof next === 'string') throw invalidRequest(`Invalid object: ${name}`, { param: first })
    place = next
  }
}

/** Creates an object without a prototype, so that `__proto__` is an ordinary name. */
const emptyForm = (): Form => Object.create(null)

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalidRequest('The request is not form-encoded.')
  }
}
