import * as z from 'zod'

/** The fields of every refusal. */
export const Refusal = z.object({
  error: z.string().meta({ examples: ['VALIDATION_FAILED'] }),
  message: z.string().meta({ description: 'for a person' }),
  requestId: z.string(),
  details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Refusal = z.output<typeof Refusal>

/** Statuses of refusals, used by no other answer. */
export type RefusalStatus = 400 | 401 | 402 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 503

type Shape = Readonly<Record<string, z.ZodType>>
type NoFields = Readonly<Record<never, never>>

/**
 * A reason to refuse a request. Routes list their refusals; `refuse` in the service kit makes the answer. Two
 * may share a code if their status, fields or message differ.
 */
export interface RefusalDefinition<
  Code extends string = string,
  Status extends RefusalStatus = RefusalStatus,
  Fields extends Shape = Shape,
> {
  readonly code: Code
  readonly status: Status
  /** The message, unless the handler gives a more precise one. Documents show it too. */
  readonly message: string
  /** The fields of its body beside `error`, `message` and `requestId`. */
  readonly fields: Fields
}

/**
 * `SEATS_TAKEN = defineRefusal('SEATS_TAKEN', 409, 'these seats are taken', { seatIds: z.array(SeatId) })`.
 */
export const defineRefusal = <
  const Code extends string,
  const Status extends RefusalStatus,
  const Fields extends Shape = NoFields,
>(
  code: Code,
  status: Status,
  message: string,
  fields = {} as Fields,
): RefusalDefinition<Code, Status, Fields> => ({ code, status, message, fields })

/**
 * Defines the 404 of a thing that is missing or not visible to the caller: `defineNotFound('TICKET')` is
 * TICKET_NOT_FOUND.
 */
export const defineNotFound = <const Thing extends string>(thing: Thing) => {
  const words = thing.toLowerCase().replaceAll('_', ' ')
  return defineRefusal(`${thing}_NOT_FOUND`, 404, `there is no such ${words}, or it is not yours to see`)
}

/** Returns the refusal with further or replaced fields. */
export const withFields = <
  Code extends string,
  Status extends RefusalStatus,
  Own extends Shape,
  More extends Shape,
>(
  refusal: RefusalDefinition<Code, Status, Own>,
  fields: More,
): RefusalDefinition<Code, Status, Omit<Own, keyof More> & More> => ({
  ...refusal,
  fields: { ...refusal.fields, ...fields },
})

/** Returns the refusal with a route's own default message. */
export const saying = <R extends RefusalDefinition>(refusal: R, message: string): R => ({
  ...refusal,
  message,
})

/** Decoded, or as it travels. */
type Side = 'output' | 'input'
type Value<Z extends z.ZodType, S extends Side> = S extends 'output' ? z.output<Z> : z.input<Z>

/** The decoded fields of a refusal. */
export type RefusalFields<R extends RefusalDefinition, S extends Side = 'output'> = {
  [K in keyof R['fields'] as undefined extends z.output<R['fields'][K]> ? never : K]: Value<R['fields'][K], S>
} & {
  [K in keyof R['fields'] as undefined extends z.output<R['fields'][K]> ? K : never]?: Value<
    R['fields'][K],
    S
  >
}

type NameOfField<R extends RefusalDefinition> = R extends RefusalDefinition ? keyof R['fields'] : never
type Body<
  R extends RefusalDefinition,
  S extends Side,
  All extends RefusalDefinition = R,
> = R extends RefusalDefinition
  ? Omit<Refusal, 'error'> & { error: R['code'] } & RefusalFields<R, S> & {
        [_ in Exclude<NameOfField<All>, keyof R['fields'] | keyof Refusal>]?: undefined
      }
  : never
/** Bodies of refusals, distinguished by `error`; fields of the others are absent. */
export type RefusalBody<R extends RefusalDefinition> = Body<R, 'output'>
/** The same as they travel. */
export type WireRefusalBody<R extends RefusalDefinition> = Body<R, 'input'>

type Of<R extends RefusalDefinition, Status> = Extract<R, { status: Status }>
/** Returns the schemas of a route's refusals by status; the type distinguishes their bodies by `error`. */
export type RefusalResponses<R extends RefusalDefinition> = {
  readonly [S in R['status']]: z.ZodType<RefusalBody<Of<R, S>>, WireRefusalBody<Of<R, S>>>
}

/**
 * Merges refusals of one status into one schema: it has the fields of all, and requires those that all
 * require. Accepts unknown codes: the service may be newer.
 */
export function responsesOf<R extends RefusalDefinition>(refusals: readonly R[]): RefusalResponses<R> {
  const byStatus = Map.groupBy(refusals, ({ status }) => status)
  const schemas = [...byStatus].map(([status, all]) => [status, schemaOf(all)])
  return Object.fromEntries(schemas)
}

function schemaOf(refusals: readonly RefusalDefinition[]): z.ZodType {
  const names = new Set(refusals.flatMap(({ fields }) => Object.keys(fields)))
  const fields = [...names].map((name) => {
    const schemas = refusals.flatMap(({ fields }) => fields[name] ?? [])
    const schema = schemas[0] as z.ZodType
    const isRequired = schemas.length === refusals.length && schemas.every((one) => !isOptional(one))
    return [name, isRequired || isOptional(schema) ? schema : schema.optional()]
  })
  const description = refusals.map(({ code, message }) => `${code}: ${message}`).join('; ')
  return Refusal.extend(Object.fromEntries(fields)).meta({ description })
}

const isOptional = (schema: z.ZodType): boolean => schema instanceof z.ZodOptional
