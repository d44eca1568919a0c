import type { Sql, Tx } from '@boxoffice/service-kit'

/** Returns the generations that are kept up to date: the served one, and one being built. */
export const listLiveGenerations = async (tx: Tx): Promise<number[]> =>
  (
    await tx.query<{ generation: number }>(
      `select generation from generations where state in ('ACTIVE', 'BUILDING') order by generation`,
    )
  ).map(({ generation }) => generation)

/** Returns the served generation, and since when. */
export async function getActiveGeneration(sql: Sql): Promise<{ generation: number; since: Date }> {
  const [active] = await sql.query<{ generation: number; since: Date }>(
    `select generation, since from generations where state = 'ACTIVE'`,
  )
  if (!active) throw new Error('no generation is served')
  return active
}
