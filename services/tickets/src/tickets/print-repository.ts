import type { OrderId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'

/** Returns the stored PDF of this version of an order; null if there is none. */
export async function findPrint(sql: Sql, orderId: OrderId, version: string): Promise<Uint8Array | null> {
  const [row] = await sql.query<{ pdf: Buffer }>(
    'select pdf from order_prints where order_id = $1 and version = $2',
    [orderId, version],
  )
  return row?.pdf ?? null
}

/** Stores the PDF of an order, replacing another version. */
export const savePrint = (sql: Sql, print: { orderId: OrderId; version: string; pdf: Uint8Array }) =>
  sql.query(
    `insert into order_prints (order_id, version, pdf) values ($1, $2, $3)
     on conflict (order_id) do update set version = excluded.version, pdf = excluded.pdf,
       printed_at = clock_timestamp()`,
    [print.orderId, print.version, Buffer.from(print.pdf.buffer, print.pdf.byteOffset, print.pdf.byteLength)],
  )

/** Removes up to `limit` PDFs older than `keepMs`; returns whether there may be more. */
export async function removeOldPrints(sql: Sql, keepMs: number, limit: number): Promise<{ more: boolean }> {
  const removed = await sql.query(
    `delete from order_prints where order_id in (
       select order_id from order_prints where printed_at < clock_timestamp() - $1 * interval '1 millisecond'
       limit $2 for update skip locked) returning order_id`,
    [keepMs, limit],
  )
  return { more: removed.length === limit }
}
