import { z } from 'zod'
import { json } from '../json-setting.ts'
import { type Callee, type Policy, policies } from './policies.ts'

/**
 * A figure of the table that a service uses for a callee, beside its breaker. `firstWait`: the first wait of
 * a retry of its own, such as a row that becomes due again.
 */
export type Figure = 'retry' | 'firstWait' | 'bulkhead' | 'ratePerSecond' | 'responseTimeoutMs'
/** The callees of a service, and the figures that it uses for each. */
export type Callees<C extends Callee = Callee> = Readonly<Record<C, readonly Figure[]>>
/** The policies of these callees. */
export type PoliciesOf<T> = { readonly [K in keyof T & Callee]: Policy }

/** The figures that an internal client uses. */
export const everyFigure = [
  'retry',
  'bulkhead',
  'ratePerSecond',
  'responseTimeoutMs',
] as const satisfies readonly Figure[]
/** A service that calls no other still uses Redis, for ended sessions. */
export const redisAlone = { redis: [] } as const satisfies Callees<'redis'>

const milliseconds = z.int().nonnegative()
const percent = z.number().min(1).max(100)
const breaker = strict({
  windowCalls: z.int().min(1),
  minimumCalls: z.int().min(1),
  failurePercent: percent,
  openMs: milliseconds,
  trialCalls: z.int().min(1),
  slowMs: milliseconds,
  slowPercent: percent,
}).partial()
const figures = {
  retry: { retry: strict({ attempts: z.int().min(1), firstWaitMs: milliseconds }).optional() },
  firstWait: { retry: strict({ firstWaitMs: milliseconds }).optional() },
  bulkhead: { bulkhead: strict({ concurrent: z.int().min(1), waitMs: milliseconds }).optional() },
  ratePerSecond: { ratePerSecond: z.number().positive().optional(), rateWaitMs: milliseconds.optional() },
  responseTimeoutMs: { responseTimeoutMs: z.int().min(1).optional() },
} satisfies Record<Figure, z.ZodRawShape>

/** Figures that override those of the table. */
export type PolicyChanges = { readonly [K in keyof Policy]?: Partial<Policy[K]> }
export type PolicyOverrides = Readonly<Partial<Record<Callee, PolicyChanges>>>

/** Returns the table for these callees with these overrides, without figures that a service does not use. */
export function policiesWith<C extends Callee>(
  callees: Callees<C>,
  overrides: PolicyOverrides = {},
  table: Readonly<Record<Callee, Policy>> = policies,
): Record<C, Policy> {
  const merged = Object.entries<readonly Figure[]>(callees).map(([name, obeyed]) => {
    const callee = name as Callee
    const { breaker, ...rest } = overrides[callee] ?? {}
    const given = { ...table[callee], ...rest }
    const kept = obeyed.flatMap((figure) => Object.keys(figures[figure]) as (keyof typeof given)[])
    const limits = Object.fromEntries(
      kept.filter((key) => given[key] !== undefined).map((key) => [key, given[key]]),
    )
    return [callee, { ...limits, breaker: { ...table[callee].breaker, ...breaker } }]
  })
  return Object.fromEntries(merged)
}

/**
 * Schema of the variable RESILIENCE of a service: overrides of the table, by callee, as JSON:
 * `{"gateway":{"ratePerSecond":500}}`. Its output are the policies of the service's callees. Refuses a callee
 * or figure that nothing reads, and inconsistent figures.
 */
export function resilience<C extends Callee>(callees: Callees<C>) {
  const changes = Object.entries<readonly Figure[]>(callees).map(([callee, obeyed]) => {
    const shape = Object.assign({}, ...obeyed.map((figure) => figures[figure])) as z.ZodRawShape
    return [callee, strict({ ...shape, breaker: breaker.optional() }).optional()] as const
  })
  return z
    .string()
    .default('{}')
    .transform(json)
    .pipe(strict(Object.fromEntries(changes)))
    .transform((overrides, context) => {
      const made = policiesWith(callees, overrides as PolicyOverrides)
      for (const [callee, { breaker }] of Object.entries<Policy>(made)) {
        const path = [callee, 'breaker']
        if (breaker.minimumCalls > breaker.windowCalls)
          context.addIssue({
            code: 'custom',
            path,
            message: 'minimumCalls is more than windowCalls: the breaker would never open',
          })
        if ((breaker.slowMs === undefined) !== (breaker.slowPercent === undefined))
          context.addIssue({
            code: 'custom',
            path,
            message: 'slowMs and slowPercent must be given together',
          })
      }
      return made
    })
    .describe('overrides of the resilience table, by callee, in JSON')
}

/** The names of figures before the breaker counted calls. */
const renamed: Readonly<Record<string, string>> = {
  volumeThreshold: 'minimumCalls (of windowCalls)',
  errorPercent: 'failurePercent',
}

/** Schema of an object that refuses unknown keys and lists the known ones. */
function strict<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      const unread = (issue.keys as string[]).map((key) =>
        renamed[key] ? `${key} is now ${renamed[key]}` : `${key} is not read`,
      )
      return `${unread.join(', ')}; there is: ${Object.keys(shape).join(', ')}`
    },
  })
}
