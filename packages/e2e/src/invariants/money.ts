import type { Observed, Query, Violation } from './observed.ts'

/** I2, I4, I5, I6: compares the gateway's ledger with the tickets of each order. */
export function moneyInvariants(query: Query, observed: Observed): Promise<Violation>[] {
  const gathered = (async () => {
    const tickets = await query<{ order_id: string; value: string; valid: string }>(
      'tickets',
      // A ticket that was used and then refunded stays CHECKED_IN: its holder was admitted, but it is no
      // longer paid for.
      `select t.order_id, sum(t.unit_price_minor) as value, count(*) as valid from tickets t
       join tickets root on root.ticket_id = t.root_ticket_id
       where t.status in ('ACTIVE', 'CHECKED_IN') and root.refund_id is null group by t.order_id`,
    )
    const { totals } = await observed.ledger()
    return { priceOf: new Map(tickets.map((row) => [row.order_id, Number(row.value)])), totals }
  })()
  const find = async (
    invariant: string,
    statement: string,
    rows: (data: Awaited<typeof gathered>) => unknown[],
  ) => ({
    invariant,
    statement,
    rows: rows(await gathered),
  })
  return [
    find(
      'I2',
      'the amount the gateway holds for each order equals the price of its valid tickets',
      ({ priceOf, totals }) =>
        totals.filter(
          ({ orderId, captured, refunded }) => captured - refunded !== (priceOf.get(orderId) ?? 0),
        ),
    ),
    find('I4', 'at most one successful charge per order', ({ totals }) =>
      totals.filter((total) => total.successfulCharges > 1),
    ),
    find('I5', 'every captured payment has tickets or was refunded', ({ priceOf, totals }) =>
      totals.filter(
        ({ orderId, captured, refunded }) => captured > 0 && !priceOf.has(orderId) && refunded !== captured,
      ),
    ),
    find('I6', 'every valid ticket has a charge, unless it was free', ({ priceOf, totals }) => {
      const charged = new Set(
        totals.filter(({ successfulCharges }) => successfulCharges > 0).map(({ orderId }) => orderId),
      )
      return [...priceOf].filter(([orderId, value]) => value > 0 && !charged.has(orderId))
    }),
  ]
}
