import type { Sql, Tx } from '@boxoffice/service-kit'

/** The generations that are kept up to date: the one that is served, and one that is being made. */
export const listLiveGenerations = async (tx: Tx): Promise<number[]> =>
  (
    await tx.query<{ generation: number }>(
      `select generation from generations where state in ('ACTIVE', 'BUILDING') order by generation`,
    )
  ).map(({ generation }) => generation)

/** The generation that is served, and since when. */
export async function getActiveGeneration(sql: Sql): Promise<{ generation: number; since: Date }> {
  const [active] = await sql.query<{ generation: number; since: Date }>(
    `select generation, since from generations where state = 'ACTIVE'`,
  )
  if (!active) throw new Error('no generation is served')
  return active
}
