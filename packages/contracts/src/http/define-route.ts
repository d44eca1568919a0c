import * as z from 'zod'
import type { Caller } from '../values/services.ts'
import { type RefusalDefinition, type RefusalResponses, responsesOf } from './define-refusal.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Who may call a route. `anyone`: tokens are ignored; `visitor`: anyone, and a bearer token identifies the
 * user; `user`: requires a bearer token; `proven`: the user must have confirmed the address; `organizer`:
 * as `proven`, with that role; `operator`: as `proven`, with the role ADMIN, or the command line with its
 * service token; `services`: a service token of one of the listed services.
 */
export type Access =
  | 'anyone'
  | 'visitor'
  | 'user'
  | 'proven'
  | 'organizer'
  | 'operator'
  | { readonly services: readonly Caller[] }

/**
 * How a route treats an `Idempotency-Key`. `honoured`: the first response is stored and replayed (the default
 * of a POST by a signed-in user). `bound`: required, and the handler ties it to the resource it creates;
 * `bindable`: likewise, but optional. `none`: ignored.
 */
export type Idempotency = 'honoured' | 'bound' | 'bindable' | 'none'

/** One HTTP operation: what the server mounts, what the client calls, what OpenAPI documents. */
export interface Route {
  readonly method: Method
  readonly path: `/${string}`
  readonly summary: string
  readonly access: Access
  readonly idempotency?: Idempotency
  /**
   * The preference that a client may send (RFC 7240): with `Prefer: respond-async` the answer may be an
   * immediate 202 with `Preference-Applied`.
   */
  readonly prefer?: 'respond-async'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Maximum body size; 1 MiB by default. */
  readonly bodyLimitBytes?: number
  /**
   * The handler gets the body as text and validates it against `body` itself: for bodies too large to parse
   * on the event loop.
   */
  readonly bodyAsText?: true
  /**
   * Response schemas by status: `Empty` for no body, `binary(…)` for a file, `fileOr(…)` for JSON or a file,
   * `eventStream(…)` for server-sent events, `jsonText(…)` for JSON as text. `defineRoute` adds those of the
   * refusals.
   */
  readonly responses: Readonly<Record<number, z.ZodType>>
  /** Every refusal that the handler returns; those of the platform are implied (`impliedRefusals`). */
  readonly refusals?: readonly RefusalDefinition[]
}
export type Routes = Readonly<Record<string, Route>>

export const Empty = z.void()

/**
 * The wire format of a response that is not plain JSON: a file, JSON or a file depending on the handler, or a
 * stream of JSON items.
 */
export type Form =
  | { readonly kind: 'file'; readonly contentType: string }
  | { readonly kind: 'file-or-json'; readonly contentType: string; readonly json: z.ZodType }
  | { readonly kind: 'json-text'; readonly contentType: 'application/json'; readonly json: z.ZodType }
  | { readonly kind: 'event-stream'; readonly contentType: 'text/event-stream'; readonly item: z.ZodType }

const forms = new WeakMap<z.ZodType, Form>()
const withForm = <S extends z.ZodType>(schema: S, form: Form): S => {
  forms.set(schema, form)
  return schema
}
const Bytes = () => z.instanceof(Uint8Array<ArrayBufferLike>)

/** Schema of a response that is a file of this content type. */
export const binary = (contentType: string) => withForm(Bytes(), { kind: 'file', contentType })

/** Schema of a response that is JSON, or a file of this content type if the request asks for one. */
export const fileOr = <S extends z.ZodType>(json: S, contentType: string) =>
  withForm(z.union([json, Bytes()]), { kind: 'file-or-json', contentType, json })

/** Schema of JSON that both sides handle as text: for responses too large to parse on the event loop. */
export const jsonText = (json: z.ZodType) =>
  withForm(z.string(), { kind: 'json-text', contentType: 'application/json', json })

/** Schema of server-sent events: each item is the JSON of one `data:` field. */
export const eventStream = <S extends z.ZodType>(item: S) =>
  withForm(z.custom(isIterable) as z.ZodType<AsyncIterable<z.output<S>>, AsyncIterable<z.input<S>>>, {
    kind: 'event-stream',
    contentType: 'text/event-stream',
    item,
  })
const isIterable = (value: unknown) =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** Returns the wire format of a response schema; undefined for plain JSON. */
export const formOf = (schema: z.ZodType): Form | undefined => forms.get(schema)

/**
 * Query of a paginated list: at most `limit` items, starting at `cursor` (the previous page's `nextCursor`).
 */
export const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
})
export const NextCursor = z.string().nullable()

/** Returns how a route treats an `Idempotency-Key`. */
export const idempotencyOf = (route: Route): Idempotency =>
  route.idempotency ??
  (route.method === 'POST' && ['user', 'proven', 'organizer', 'operator'].includes(route.access as string)
    ? 'honoured'
    : 'none')

/** The refusals that a route lists. */
export type ListedRefusals<R extends Route> = R extends {
  refusals: readonly (infer D extends RefusalDefinition)[]
}
  ? D
  : never
type Defined<R extends Route> = [ListedRefusals<R>] extends [never]
  ? R
  : R & { readonly responses: RefusalResponses<ListedRefusals<R>> }

/**
 * Defines a route and adds its refusals to the responses. Throws if `path` and `params` name different
 * parameters, or if `responses` has a status from 400 on.
 */
export function defineRoute<const R extends Route>(route: R): Defined<R> {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1])
  const inSchema = Object.keys(route.params?.shape ?? {})
  if (inPath.sort().join() !== inSchema.sort().join()) {
    throw new Error(`${route.method} ${route.path}: path and params name different parameters`)
  }
  if (Object.keys(route.responses).some((status) => Number(status) >= 400)) {
    throw new Error(`${route.method} ${route.path}: define responses from 400 on as refusals`)
  }
  const responses = { ...route.responses, ...responsesOf(route.refusals ?? []) }
  return { ...route, responses } as Route as Defined<R>
}

// Code on both sides uses decoded values (cents, not dollars); encoded ones exist only on the wire.
type Part<R, K extends 'params' | 'query' | 'body', Side> =
  R extends Record<K, infer Z extends z.ZodType>
    ? { [_ in K]: Side extends 'sent' ? Sent<Z> : z.output<Z> }
    : unknown
// Fields with a default need not be sent.
type Sent<Z extends z.ZodType> =
  Z extends z.ZodObject<infer Shape>
    ? {
        [K in keyof Shape as Shape[K] extends z.ZodDefault | z.ZodOptional ? never : K]: z.output<Shape[K]>
      } & {
        [K in keyof Shape as Shape[K] extends z.ZodDefault | z.ZodOptional ? K : never]?: z.output<Shape[K]>
      }
    : z.output<Z>

/** The request as a handler receives it. */
export type Request<R extends Route> = Part<R, 'params', 'received'> &
  Part<R, 'query', 'received'> &
  (R extends { bodyAsText: true } ? unknown : Part<R, 'body', 'received'>)
/** The request as a client passes it. */
export type Outgoing<R extends Route> = Part<R, 'params', 'sent'> &
  Part<R, 'query', 'sent'> &
  Part<R, 'body', 'sent'>
/** The response as a client receives it. */
export type Response<R extends Route> = {
  [S in keyof R['responses'] & number]: { status: S; body: z.output<R['responses'][S]> }
}[keyof R['responses'] & number]
