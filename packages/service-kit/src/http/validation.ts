import { type Route, VALIDATION_FAILED } from '@boxoffice/contracts'
import { z } from 'zod'
import { type HandlerRefusal, refuse } from './refusal.ts'

interface Parts {
  params: unknown
  query: unknown
  body: unknown
}

type Decoded = { ok: true; value: Parts } | { ok: false; refusal: HandlerRefusal }

/**
 * Decodes a request's parts by the route's schemas, or makes the 400 that names everything that is wrong with
 * them.
 */
export function createDecoder(route: Route): (raw: Parts) => Decoded {
  const schemas = (['params', 'query', 'body'] as const).flatMap((part) => {
    const schema = route[part]
    return schema && !(part === 'body' && route.bodyAsText) ? [{ part, schema }] : []
  })
  return (raw) => {
    const value: Parts = { params: {}, query: {}, body: undefined }
    const details: { path: string; message: string }[] = []
    for (const { part, schema } of schemas) {
      const result = z.safeDecode(schema as z.ZodType, raw[part])
      if (result.success) value[part] = result.data
      else details.push(...detailsOf(part, result.error))
    }
    if (details.length === 0) return { ok: true, value }
    return { ok: false, refusal: refuseDetails(details) }
  }
}

/** What is wrong with a request, by the path of the field. */
export interface Detail {
  readonly path: string
  readonly message: string
}

export const refuseDetails = (details: readonly Detail[]) =>
  refuse(VALIDATION_FAILED, { details: details.slice(0, 50) })

export const detailsOf = (part: string, error: z.ZodError) =>
  issuesOf(error.issues).map(({ path, message }) => ({ path: [part, ...path].join('.'), message }))

/** The issues a person can act on: those of the alternative of a union that the value came closest to. */
function issuesOf(
  issues: readonly z.core.$ZodIssue[],
  base: PropertyKey[] = [],
): { path: PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path]
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const closest = issue.errors.reduce((best, errors) => (errors.length < best.length ? errors : best))
      return issuesOf(closest, path)
    }
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .slice(0, 20)
        .map((key) => ({ path: [...path, key.slice(0, 100)], message: 'is not a field of this request' }))
    }
    return [{ path, message: issue.message }]
  })
}
