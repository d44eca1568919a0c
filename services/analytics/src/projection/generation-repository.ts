import type { Tx } from '@boxoffice/service-kit'

/** The generations that are kept up to date: the one that is served, and one that is being made. */
export const listLiveGenerations = async (tx: Tx): Promise<number[]> =>
  (
    await tx.query<{ generation: number }>(
      `select generation from generations where state in ('ACTIVE', 'BUILDING') order by generation`,
    )
  ).map(({ generation }) => generation)

/** The generation that is served, and since when. */
export async function getActiveGeneration(tx: Tx): Promise<{ generation: number; since: Date }> {
  const [active] = await tx.query<{ generation: number; since: Date }>(
    `select generation, since from generations where state = 'ACTIVE'`,
  )
  if (!active) throw new Error('no generation is served')
  return active
}

const tables = [
  'tickets',
  'refunds',
  'orders',
  'reservations',
  'sales_hours',
  'refund_hours',
  'event_totals',
  'ticket_types',
  'events',
] as const

/**
 * Delete a batch of the oldest retired generation's rows, once it has been retired for `keptSeconds`: others may read it, or write
 * to it, a little longer. How many were deleted; null where no generation is to be emptied.
 */
export async function emptyRetired(tx: Tx, options: { keptSeconds: number; batch: number }): Promise<number | null> {
  const [retired] = await tx.query<{ generation: number }>(
    `select generation from generations
     where state = 'RETIRED' and emptied_at is null and since < clock_timestamp() - $1 * interval '1 second'
     order by generation limit 1 for update skip locked`,
    [options.keptSeconds],
  )
  if (!retired) return null
  for (const table of tables) {
    const [{ deleted } = { deleted: 0 }] = await tx.query<{ deleted: number }>(
      `with gone as (
         delete from ${table} where ctid = any(array(select ctid from ${table} where generation = $1 limit $2)) returning 1)
       select count(*)::int as deleted from gone`,
      [retired.generation, options.batch],
    )
    if (deleted > 0) return deleted
  }
  await tx.query('update generations set emptied_at = clock_timestamp() where generation = $1', [retired.generation])
  return 0
}
