import type { InvariantResult } from '@boxoffice/contracts'
import { type Database, isTransient } from '@boxoffice/service-kit'
import type { Invariant } from './invariant.ts'

/** One after the other, so that a check takes one session and no more than one core of the database. */
const CHECK_MS_MAX = 30_000
const EXAMPLES_MAX = 5

/**
 * Checks invariants on a database, each in a transaction that cannot write and ends after 30 s: then its
 * `violations` are null.
 */
export async function checkInvariants(
  db: Database,
  invariants: readonly Invariant[],
  { checkMsMax = CHECK_MS_MAX } = {},
): Promise<InvariantResult[]> {
  const results: InvariantResult[] = []
  for (const { sql, ...invariant } of invariants) {
    const startedMs = performance.now()
    const found = await findViolations(db, sql, checkMsMax)
    results.push({ ...invariant, ...found, tookMs: Math.round(performance.now() - startedMs) })
  }
  return results
}

async function findViolations(
  db: Database,
  sql: string,
  checkMsMax: number,
): Promise<Pick<InvariantResult, 'violations' | 'examples'>> {
  try {
    return await db.transact(
      async (tx) => {
        await tx.query(`set local statement_timeout = ${checkMsMax}`)
        const rows = await tx.query<{ row: Record<string, unknown>; violations: number }>(
          `select to_jsonb(v) as row, count(*) over ()::int as violations
           from (${sql}) v limit ${EXAMPLES_MAX}`,
        )
        return { violations: rows[0]?.violations ?? 0, examples: rows.map(({ row }) => row) }
      },
      { readOnlySnapshot: true },
    )
  } catch (error) {
    if (isTransient(error)) return { violations: null, examples: [] }
    throw error
  }
}
