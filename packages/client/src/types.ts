import type {
  EMAIL_NOT_VERIFIED,
  FORBIDDEN,
  IDEMPOTENCY_IN_PROGRESS,
  IDEMPOTENCY_KEY_REUSED,
  INTERNAL,
  PAYLOAD_TOO_LARGE,
  publicApi,
  RATE_LIMITED,
  RefusalDefinition,
  Route,
  SERVICE_UNAVAILABLE,
  TOKEN_EXPIRED,
  UNAUTHENTICATED,
  UNSUPPORTED_MEDIA_TYPE,
  VALIDATION_FAILED,
  WireRefusalBody,
} from '@boxoffice/contracts'
import type * as z from 'zod'

// Types on the wire: times are ISO 8601 strings, amounts are numbers in major units, ids are strings.

/** The type of a value on the wire; values that the server coerces from text have their coerced type. */
type Wire<Z extends z.ZodType> = unknown extends z.input<Z> ? z.output<Z> : z.input<Z>
type MayBeLeftOut<Z extends z.ZodType> = Z extends z.ZodDefault | z.ZodOptional ? true : false
type WireQuery<Shape extends z.ZodRawShape> = {
  [K in keyof Shape as Shape[K] extends z.ZodType
    ? MayBeLeftOut<Shape[K]> extends true
      ? K
      : never
    : never]?: Field<Shape[K]>
} & {
  [K in keyof Shape as Shape[K] extends z.ZodType
    ? MayBeLeftOut<Shape[K]> extends true
      ? never
      : K
    : never]: Field<Shape[K]>
}
type Field<F> =
  F extends z.ZodDefault<infer Inner extends z.ZodType> ? Wire<Inner> : F extends z.ZodType ? Wire<F> : never

type Params<R> = R extends { params: infer P extends z.ZodObject } ? { params: z.input<P> } : unknown
type Query<R> = R extends { query: z.ZodObject<infer Shape> }
  ? Record<never, never> extends WireQuery<Shape>
    ? { query?: WireQuery<Shape> }
    : { query: WireQuery<Shape> }
  : unknown
type Body<R> = R extends { body: infer B extends z.ZodType }
  ? undefined extends z.input<B>
    ? { body?: z.input<B> }
    : { body: z.input<B> }
  : unknown

/** Options of a call. */
export interface CallOptions {
  headers?: Record<string, string>
  /** Aborts the call, its retries and its stream. */
  signal?: AbortSignal
  /** The idempotency key of a call that changes something; generated if absent. */
  idempotencyKey?: string
}
/** The input of an operation. */
export type RequestOf<R> = Params<R> & Query<R> & Body<R> & CallOptions

type Platform =
  | typeof EMAIL_NOT_VERIFIED
  | typeof FORBIDDEN
  | typeof IDEMPOTENCY_IN_PROGRESS
  | typeof IDEMPOTENCY_KEY_REUSED
  | typeof INTERNAL
  | typeof PAYLOAD_TOO_LARGE
  | typeof RATE_LIMITED
  | typeof SERVICE_UNAVAILABLE
  | typeof TOKEN_EXPIRED
  | typeof UNAUTHENTICATED
  | typeof UNSUPPORTED_MEDIA_TYPE
  | typeof VALIDATION_FAILED
type PlatformAnswer<R extends RefusalDefinition> = R extends RefusalDefinition
  ? { status: R['status']; body: WireRefusalBody<R> }
  : never

/** The response of an operation: narrow on `status`, then on `body.error`. */
export type AnswerOf<R extends Route> =
  | {
      [S in keyof R['responses'] & number]: { status: S; body: z.input<R['responses'][S]> }
    }[keyof R['responses'] & number]
  | PlatformAnswer<Platform>

type Operation<R extends Route> =
  Record<never, never> extends RequestOf<R>
    ? (request?: RequestOf<R>) => Promise<AnswerOf<R>>
    : (request: RequestOf<R>) => Promise<AnswerOf<R>>

type Api = typeof publicApi
/** Every public operation but those of operators, by service. */
export type BoxofficeClient = {
  readonly [S in keyof Api]: {
    readonly [K in keyof Api[S] as Api[S][K] extends { access: 'operator' }
      ? never
      : K]: Api[S][K] extends Route ? Operation<Api[S][K]> : never
  }
}

/** The body of a response with this status. */
export type BodyOf<A extends { status: number; body: unknown }, S extends A['status']> = Extract<
  A,
  { status: S }
>['body']
