import { invalidRequest } from './errors.ts'
import type { Form } from './form.ts'

const METADATA_KEYS_MAX = 50
const METADATA_KEY_LENGTH_MAX = 40
const METADATA_VALUE_LENGTH_MAX = 500

/** Throws a Refusal for a parameter that is not among `known`. */
export function refuseUnknown(form: Form, known: readonly string[]): void {
  const unknown = Object.keys(form).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw invalidRequest(`Received unknown parameter: ${unknown}`, {
    code: 'parameter_unknown',
    param: unknown,
  })
}

/** Reads a text; null if it is missing or empty. */
export function readText(form: Form, name: string): string | null {
  const value = form[name]
  if (typeof value === 'object') throw invalidRequest('Invalid string', { param: name })
  return value === undefined || value === '' ? null : value
}

export function requireText(form: Form, name: string): string {
  const value = readText(form, name)
  if (value === null) throw missing(name)
  return value
}

export function readInteger(form: Form, name: string): number | null {
  const text = readText(form, name)
  if (text === null) return null
  const value = Number(text)
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw invalidRequest(`Invalid integer: ${text}`, { code: 'parameter_invalid_integer', param: name })
}

/** Reads an amount in minor units, at least 1; null if it is missing. */
export function readAmount(form: Form, name: string): number | null {
  const value = readInteger(form, name)
  if (value === null || value >= 1) return value
  throw invalidRequest('This value must be greater than or equal to 1.', {
    code: 'parameter_invalid_integer',
    param: name,
  })
}

export function readBoolean(form: Form, name: string): boolean {
  const text = readText(form, name)
  if (text === null || text === 'false') return false
  if (text === 'true') return true
  throw invalidRequest(`Invalid boolean: ${text}`, { param: name })
}

export function readOneOf<T extends string>(form: Form, name: string, allowed: readonly T[]): T | null {
  const text = readText(form, name)
  if (text === null) return null
  const value = allowed.find((candidate) => candidate === text)
  if (value !== undefined) return value
  throw invalidRequest(`Invalid ${name}: must be one of ${allowed.join(', ')}`, { param: name })
}

export function readForm(form: Form, name: string): Form | null {
  const value = form[name]
  if (value === undefined || value === '') return null
  if (typeof value === 'string') throw invalidRequest('Invalid object', { param: name })
  return value
}

/** Reads an array of texts: `name[0]=…&name[1]=…` or `name[]=…`. */
export function readTexts(form: Form, name: string): string[] {
  return Object.values(readForm(form, name) ?? {}).map((value) => {
    if (typeof value === 'string') return value
    throw invalidRequest('Invalid array', { param: name })
  })
}

/**
 * Reads Stripe's metadata: at most 50 texts of 500 characters under names of 40. An empty text unsets a key
 * and is dropped.
 */
export function readMetadata(form: Form): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (const [key, value] of Object.entries(readForm(form, 'metadata') ?? {})) {
    const param = `metadata[${key}]`
    if (typeof value !== 'string') throw invalidRequest('Metadata values must be strings', { param })
    if (key.length > METADATA_KEY_LENGTH_MAX)
      throw invalidRequest(`Metadata keys can be up to ${METADATA_KEY_LENGTH_MAX} characters`, { param })
    if (value.length > METADATA_VALUE_LENGTH_MAX)
      throw invalidRequest(`Metadata values can be up to ${METADATA_VALUE_LENGTH_MAX} characters`, { param })
    if (value !== '') metadata[key] = value
  }
  if (Object.keys(metadata).length <= METADATA_KEYS_MAX) return metadata
  throw invalidRequest(`Metadata can have up to ${METADATA_KEYS_MAX} keys`, { param: 'metadata' })
}

export const missing = (name: string) =>
  invalidRequest(`Missing required param: ${name}.`, { code: 'parameter_missing', param: name })
