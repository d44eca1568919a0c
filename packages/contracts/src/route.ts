import { z } from 'zod'
import type { Caller } from './services.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Who may call a route. `anyone`: no token is looked at; `visitor`: anyone, and a signed-in user is recognised; `user`,
 * `organizer`, `admin`: a bearer token with that role; `services`: a service token of one of those named.
 */
export type Access = 'anyone' | 'visitor' | 'user' | 'organizer' | 'admin' | { readonly services: readonly Caller[] }

/**
 * What an `Idempotency-Key` does. `honoured`: the first answer is kept and given again (the default of a POST by a signed-in
 * user). `bound`: required, and the handler itself binds it to what it makes. `none`: ignored.
 */
export type Idempotency = 'honoured' | 'bound' | 'none'

/** One HTTP operation: what the server mounts, what the client calls, what OpenAPI documents. */
export interface Route {
  readonly method: Method
  readonly path: `/${string}`
  readonly summary: string
  readonly access: Access
  readonly idempotency?: Idempotency
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** By status; `Empty` for an answer without a body, `binary(…)` for a file. Refusals of the platform need not be named. */
  readonly responses: Readonly<Record<number, z.ZodType>>
}
export type Routes = Readonly<Record<string, Route>>

export const Empty = z.void()

const contentTypes = new WeakMap<z.ZodType, string>()

/** An answer that is a file of this content type. */
export function binary(contentType: string) {
  const schema = z.instanceof(Uint8Array<ArrayBufferLike>)
  contentTypes.set(schema, contentType)
  return schema
}
/** The content type of a schema made by `binary`, undefined for every other. */
export const contentTypeOf = (schema: z.ZodType): string | undefined => contentTypes.get(schema)

/** What every refusal looks like. */
export const Refusal = z.object({
  error: z.string().meta({ examples: ['VALIDATION_FAILED'] }),
  message: z.string().meta({ description: 'for a person' }),
  requestId: z.string(),
  details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Refusal = z.output<typeof Refusal>

/** A refusal with fields of its own. */
export const refusalWith = <const S extends z.ZodRawShape>(shape: S) => Refusal.extend(shape)

/** Query of a list: at most `limit` things, from `cursor` (the previous page's `nextCursor`) on. */
export const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
})
export const NextCursor = z.string().nullable()

/** What an `Idempotency-Key` does at this route. */
export const idempotencyOf = (route: Route): Idempotency =>
  route.idempotency ??
  (route.method === 'POST' && ['user', 'organizer', 'admin'].includes(route.access as string) ? 'honoured' : 'none')

/** Check at definition, once, that `path` and `params` name the same parameters. */
export function defineRoute<const R extends Route>(route: R): R {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1])
  const inSchema = Object.keys(route.params?.shape ?? {})
  if (inPath.sort().join() !== inSchema.sort().join()) {
    throw new Error(`${route.method} ${route.path}: path and params name different parameters`)
  }
  return route
}

// Code on both sides sees the decoded values (cents, not dollars); only the wire sees the encoded ones.
type Part<R, K extends 'params' | 'query' | 'body', Side> =
  R extends Record<K, infer Z extends z.ZodType> ? { [_ in K]: Side extends 'sent' ? Sent<Z> : z.output<Z> } : unknown
// What has a default need not be sent.
type Sent<Z extends z.ZodType> =
  Z extends z.ZodObject<infer Shape>
    ? { [K in keyof Shape as Shape[K] extends z.ZodDefault | z.ZodOptional ? never : K]: z.output<Shape[K]> } & {
        [K in keyof Shape as Shape[K] extends z.ZodDefault | z.ZodOptional ? K : never]?: z.output<Shape[K]>
      }
    : z.output<Z>

/** What a handler receives. */
export type Request<R extends Route> = Part<R, 'params', 'received'> & Part<R, 'query', 'received'> & Part<R, 'body', 'received'>
/** What a client sends. */
export type Outgoing<R extends Route> = Part<R, 'params', 'sent'> & Part<R, 'query', 'sent'> & Part<R, 'body', 'sent'>
/** What a client gets. */
export type Response<R extends Route> = {
  [S in keyof R['responses'] & number]: { status: S; body: z.output<R['responses'][S]> }
}[keyof R['responses'] & number]
