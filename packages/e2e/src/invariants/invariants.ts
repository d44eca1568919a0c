import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { type Invariant, paymentsInvariants, ticketsInvariants } from '@boxoffice/invariants'
import { until } from '@boxoffice/testing'
import { Redis } from 'ioredis'
import pg from 'pg'
import { unheard, unpublished } from './messages.ts'
import { moneyInvariants } from './money.ts'
import type { Observed, Violation } from './observed.ts'
import { projections } from './projection.ts'
import { freeCounts, seatMaps } from './redis.ts'

/**
 * Returns every invariant that is violated now, including those that hold only once the system is idle (Q in
 * the guarantees).
 */
export async function findViolations(observed: Observed): Promise<Violation[]> {
  const pools = new Map(
    serviceKeys.map((key) => [
      key,
      new pg.Pool({ connectionString: observed.databaseUrl(key), max: 2, allowExitOnIdle: true }),
    ]),
  )
  const query = async <Row>(service: ServiceKey, sql: string, values: unknown[] = []): Promise<Row[]> =>
    ((await pools.get(service)?.query(sql, values))?.rows ?? []) as Row[]
  const redis = new Redis(observed.redisUrl)
  try {
    const inService = (service: ServiceKey, invariants: readonly Invariant[]) =>
      invariants.map(async ({ invariant, statement, sql }) => ({
        invariant,
        statement,
        rows: await query(service, sql),
      }))
    const all = await Promise.all([
      ...inService('tickets', ticketsInvariants),
      ...inService('payments', paymentsInvariants),
      ...moneyInvariants(query, observed),
      unpublished(query),
      unheard(query),
      ...projections(query),
      freeCounts(query, redis),
      seatMaps(query, redis),
    ])
    return all.filter(({ rows }) => rows.length > 0)
  } finally {
    redis.disconnect()
    await Promise.all([...pools.values()].map((pool) => pool.end()))
  }
}

/** Waits until every invariant holds; throws with the violations at the deadline. */
export async function expectInvariants(observed: Observed): Promise<void> {
  await until(
    async () => {
      const violations = await findViolations(observed)
      if (violations.length > 0)
        throw new Error(`violated invariants: ${JSON.stringify(violations, null, 2)}`)
    },
    { patienceMs: 90_000 },
  )
}
