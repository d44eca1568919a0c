import type { Tx } from '@boxoffice/service-kit'

const tables: readonly (readonly [name: string, key: readonly string[]])[] = [
  ['tickets', ['ticket_id']],
  ['refunds', ['refund_id']],
  ['orders', ['order_id']],
  ['reservations', ['reservation_id']],
  ['payments', ['order_id']],
  ['sales_hours', ['event_id', 'venue_id', 'ticket_type_id', 'hour']],
  ['refund_hours', ['event_id', 'venue_id', 'hour']],
  ['payment_totals', ['event_id', 'outcome']],
  ['event_totals', ['event_id']],
  ['ticket_types', ['ticket_type_id']],
  ['events', ['event_id']],
]

/** How far a generation is emptied: the current table, and the last deleted key in it. */
export interface Emptied {
  readonly generation: number
  readonly table: number
  readonly after: object | null
}

/**
 * Deletes the next batch of rows of the oldest generation that was retired at least `keptSeconds` ago. Each
 * table is deleted in key order from the end of the last batch, since dead rows slow down scans from the
 * beginning. Returns where the next batch begins; null if no generation is left to empty.
 */
export async function emptyRetired(
  tx: Tx,
  options: { keptSeconds: number; batch: number; from: Emptied | null },
): Promise<Emptied | null> {
  const [retired] = await tx.query<{ generation: number }>(
    `select generation from generations
     where state = 'RETIRED' and emptied_at is null and since < clock_timestamp() - $1 * interval '1 second'
     order by generation limit 1 for update skip locked`,
    [options.keptSeconds],
  )
  if (!retired) return null
  const { generation } = retired
  const from = options.from?.generation === generation ? options.from : { generation, table: 0, after: null }
  const table = tables[from.table]
  if (!table) {
    await tx.query('update generations set emptied_at = clock_timestamp() where generation = $1', [
      generation,
    ])
    return { generation, table: 0, after: null }
  }
  const last = await deleteBatch(tx, table, from, options.batch)
  return last ? { ...from, after: last } : { generation, table: from.table + 1, after: null }
}

/** Returns the key of the last deleted row; null if there was none. */
async function deleteBatch(
  tx: Tx,
  [table, key]: (typeof tables)[number],
  { generation, after }: Emptied,
  batch: number,
): Promise<object | null> {
  const columns = key.join(', ')
  const isLater = `(${columns}) > (select ${columns} from jsonb_populate_record(null::${table}, $3::jsonb))`
  const [{ last } = { last: null }] = await tx.query<{ last: object | null }>(
    `with batch as (
       select ctid, ${columns} from ${table} where generation = $1 ${after ? `and ${isLater}` : ''}
       order by ${columns} limit $2),
     gone as (delete from ${table} where ctid = any(array(select ctid from batch)))
     select to_jsonb(batch) - 'ctid' as last from batch
     order by ${key.map((column) => `${column} desc`).join(', ')} limit 1`,
    [generation, batch, ...(after ? [JSON.stringify(after)] : [])],
  )
  return last
}
