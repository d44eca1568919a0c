import { z } from 'zod'
import { json } from '../json-setting.ts'
import { type Callee, type Policy, policies } from './policies.ts'

/**
 * A figure of the table that a service obeys for a callee, beside its breaker. `firstWait`: the first wait of
 * who tries again by means of its own, such as a row that is due again.
 */
export type Figure = 'retry' | 'firstWait' | 'bulkhead' | 'ratePerSecond' | 'responseTimeoutMs'
/** Whom a service calls behind a breaker, and the figures that it obeys for each. */
export type Callees<C extends Callee = Callee> = Readonly<Record<C, readonly Figure[]>>
/** The policies of these callees. */
export type PoliciesOf<T> = { readonly [K in keyof T & Callee]: Policy }

/** Everything that an internal client obeys. */
export const everyFigure = [
  'retry',
  'bulkhead',
  'ratePerSecond',
  'responseTimeoutMs',
] as const satisfies readonly Figure[]
/** A service that calls no other has Redis alone: ended sessions are told through it. */
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

/** Figures that replace those of the table. */
export type PolicyChanges = { readonly [K in keyof Policy]?: Partial<Policy[K]> }
export type PolicyOverrides = Readonly<Partial<Record<Callee, PolicyChanges>>>

/** The table for these callees, with these figures replaced; what a service does not obey is not in it. */
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
 * The variable RESILIENCE of a service: figures of the table to replace, by callee, as JSON:
 * `{"gateway":{"ratePerSecond":500}}`; its output are the policies of the service's callees. A callee, a
 * figure or a name that nothing reads is refused, and so are figures that together mean nothing.
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
            message: 'minimumCalls is more than windowCalls: it would never open',
          })
        if ((breaker.slowMs === undefined) !== (breaker.slowPercent === undefined))
          context.addIssue({
            code: 'custom',
            path,
            message: 'slowMs and slowPercent mean something together alone',
          })
      }
      return made
    })
    .describe('figures of the resilience table to replace, by callee, in JSON')
}

/** What figures were called before the breaker counted calls. */
const renamed: Readonly<Record<string, string>> = {
  volumeThreshold: 'minimumCalls (of windowCalls)',
  errorPercent: 'failurePercent',
}

/** An object that refuses keys that nothing reads, and says what there is instead. */
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
