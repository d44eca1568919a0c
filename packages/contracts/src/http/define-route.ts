import * as z from 'zod'
import type { Caller } from '../values/services.ts'
import { type RefusalDefinition, type RefusalResponses, responsesOf } from './define-refusal.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Who may call a route. `anyone`: no token is looked at; `visitor`: anyone, and a signed-in user is
 * recognised; `user`: a bearer token; `proven`: one of a user who has confirmed the address; `organizer`,
 * `admin`: likewise, with that role; `services`: a service token of one of those named.
 */
export type Access =
  | 'anyone'
  | 'visitor'
  | 'user'
  | 'proven'
  | 'organizer'
  | 'admin'
  | { readonly services: readonly Caller[] }

/**
 * What an `Idempotency-Key` does. `honoured`: the first answer is kept and given again (the default of a POST
 * by a signed-in user). `bound`: required, and the handler itself binds it to what it makes; `bindable`:
 * likewise where one is given. `none`: ignored.
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
   * What a client may prefer (RFC 7240): with `Prefer: respond-async` the answer may be 202 at once, and says
   * `Preference-Applied` then.
   */
  readonly prefer?: 'respond-async'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** The largest body that is read; 1 MiB where none is given. */
  readonly bodyLimitBytes?: number
  /**
   * The handler gets the body's text alone, and holds it to `body` itself: one so large that it must not be
   * read on the event loop.
   */
  readonly bodyAsText?: true
  /**
   * By status; `Empty` for an answer without a body, `binary(…)` for a file, `fileOr(…)` for JSON or a file,
   * `eventStream(…)` for server-sent events, `jsonText(…)` for JSON as text. `defineRoute` adds those of the
   * refusals.
   */
  readonly responses: Readonly<Record<number, z.ZodType>>
  /** Every refusal that its handler gives; those of the platform need not be listed (`impliedRefusals`). */
  readonly refusals?: readonly RefusalDefinition[]
}
export type Routes = Readonly<Record<string, Route>>

export const Empty = z.void()

/**
 * How an answer that is not simply JSON travels: a file, JSON or a file as the handler answers, or a stream
 * of JSON items.
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

/** An answer that is a file of this content type. */
export const binary = (contentType: string) => withForm(Bytes(), { kind: 'file', contentType })

/** An answer that is JSON, or a file of this content type where the request asks for one. */
export const fileOr = <S extends z.ZodType>(json: S, contentType: string) =>
  withForm(z.union([json, Bytes()]), { kind: 'file-or-json', contentType, json })

/**
 * JSON that both sides pass on as the text it is: one so large that it must not be read on the event loop.
 */
export const jsonText = (json: z.ZodType) =>
  withForm(z.string(), { kind: 'json-text', contentType: 'application/json', json })

/** Server-sent events: each item is the JSON of one `data:` field. */
export const eventStream = <S extends z.ZodType>(item: S) =>
  withForm(z.custom(isIterable) as z.ZodType<AsyncIterable<z.output<S>>, AsyncIterable<z.input<S>>>, {
    kind: 'event-stream',
    contentType: 'text/event-stream',
    item,
  })
const isIterable = (value: unknown) =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** How an answer of this schema travels; undefined: as JSON. */
export const formOf = (schema: z.ZodType): Form | undefined => forms.get(schema)

/** Query of a list: at most `limit` things, from `cursor` (the previous page's `nextCursor`) on. */
export const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
})
export const NextCursor = z.string().nullable()

/** What an `Idempotency-Key` does at this route. */
export const idempotencyOf = (route: Route): Idempotency =>
  route.idempotency ??
  (route.method === 'POST' && ['user', 'proven', 'organizer', 'admin'].includes(route.access as string)
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

/** A route whose answers include its refusals. Checks that `path` and `params` name the same parameters. */
export function defineRoute<const R extends Route>(route: R): Defined<R> {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1])
  const inSchema = Object.keys(route.params?.shape ?? {})
  if (inPath.sort().join() !== inSchema.sort().join()) {
    throw new Error(`${route.method} ${route.path}: path and params name different parameters`)
  }
  if (Object.keys(route.responses).some((status) => Number(status) >= 400)) {
    throw new Error(`${route.method} ${route.path}: answers from 400 on come of its refusals`)
  }
  const responses = { ...route.responses, ...responsesOf(route.refusals ?? []) }
  return { ...route, responses } as Route as Defined<R>
}

// Code on both sides sees the decoded values (cents, not dollars); only the wire sees the encoded ones.
type Part<R, K extends 'params' | 'query' | 'body', Side> =
  R extends Record<K, infer Z extends z.ZodType>
    ? { [_ in K]: Side extends 'sent' ? Sent<Z> : z.output<Z> }
    : unknown
// What has a default need not be sent.
type Sent<Z extends z.ZodType> =
  Z extends z.ZodObject<infer Shape>
    ? {
        [K in keyof Shape as Shape[K] extends z.ZodDefault | z.ZodOptional ? never : K]: z.output<Shape[K]>
      } & {
        [K in keyof Shape as Shape[K] extends z.ZodDefault | z.ZodOptional ? K : never]?: z.output<Shape[K]>
      }
    : z.output<Z>

/** What a handler receives. */
export type Request<R extends Route> = Part<R, 'params', 'received'> &
  Part<R, 'query', 'received'> &
  (R extends { bodyAsText: true } ? unknown : Part<R, 'body', 'received'>)
/** What a client sends. */
export type Outgoing<R extends Route> = Part<R, 'params', 'sent'> &
  Part<R, 'query', 'sent'> &
  Part<R, 'body', 'sent'>
/** What a client gets. */
export type Response<R extends Route> = {
  [S in keyof R['responses'] & number]: { status: S; body: z.output<R['responses'][S]> }
}[keyof R['responses'] & number]
