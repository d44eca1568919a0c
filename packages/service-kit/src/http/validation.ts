import { type Route, VALIDATION_FAILED } from '@boxoffice/contracts'
import { z } from 'zod'
import { type HandlerRefusal, refuse } from './refusal.ts'

interface Parts {
  params: unknown
  query: unknown
  body: unknown
}

type Decoded = { ok: true; value: Parts } | { ok: false; refusal: HandlerRefusal }

/** Decodes the parts of a request by the route's schemas, or returns the 400 that names every fault. */
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

/** Lists what is wrong with a request, by field path. */
export interface Detail {
  readonly path: string
  readonly message: string
}

export const refuseDetails = (details: readonly Detail[]) =>
  refuse(VALIDATION_FAILED, { details: details.slice(0, 50) })

export const detailsOf = (part: string, error: z.ZodError) =>
  issuesOf(error.issues).map(({ path, message }) => ({ path: [part, ...path].join('.'), message }))

/** Selects the issues that help the caller: of a union those of the alternative that fits best. */
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
