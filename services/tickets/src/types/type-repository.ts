import type { Currency, EventId, Minor, TicketTypeId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** A ticket type with its counters. `salesEndAt` null: sales end when the event starts. */
export interface StoredType {
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly name: string
  readonly unitPrice: Minor
  readonly currency: Currency
  readonly salesStartAt: Date | null
  readonly salesEndAt: Date | null
  readonly maxPerOrder: number
  readonly maxPerUser: number | null
  readonly capacity: number
  readonly held: number
  readonly sold: number
}

const select = `select t.ticket_type_id as "ticketTypeId", t.event_id as "eventId", t.name, t.unit_price_minor as "unitPrice",
  t.currency, t.sales_start_at as "salesStartAt", t.sales_end_at as "salesEndAt", t.max_per_order as "maxPerOrder",
  t.max_per_user as "maxPerUser", c.capacity, c.held, c.sold
  from ticket_types t join ticket_type_counters c using (ticket_type_id)`

/** What an event sells, in the order in which it was offered. */
export const listTypes = (tx: Tx, eventId: EventId): Promise<StoredType[]> =>
  tx.query<StoredType>(`${select} where t.event_id = $1 order by t.created_at, t.ticket_type_id`, [eventId])

export async function findType(tx: Tx, ticketTypeId: TicketTypeId): Promise<StoredType | null> {
  const [type] = await tx.query<StoredType>(`${select} where t.ticket_type_id = $1`, [ticketTypeId])
  return type ?? null
}

export async function findTypeNames(tx: Tx, ids: readonly TicketTypeId[]): Promise<Map<TicketTypeId, string>> {
  const rows = await tx.query<{ id: TicketTypeId; name: string }>(
    'select ticket_type_id as id, name from ticket_types where ticket_type_id = any($1::uuid[])',
    [ids],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

export async function countTypes(tx: Tx, eventId: EventId): Promise<number> {
  const [row] = await tx.query<{ count: number }>('select count(*)::int as count from ticket_types where event_id = $1', [
    eventId,
  ])
  return row?.count ?? 0
}

/** Offer a type with nothing held or sold. One that stands under this id already is left as it is. */
export async function insertType(tx: Tx, type: Omit<StoredType, 'held' | 'sold'>): Promise<void> {
  await tx.query(
    `with offered as (
       insert into ticket_types (ticket_type_id, event_id, name, unit_price_minor, currency, sales_start_at, sales_end_at,
         max_per_order, max_per_user)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (ticket_type_id) do nothing returning ticket_type_id, event_id)
     insert into ticket_type_counters (ticket_type_id, event_id, capacity)
     select ticket_type_id, event_id, $10 from offered`,
    [
      type.ticketTypeId,
      type.eventId,
      type.name,
      type.unitPrice,
      type.currency,
      type.salesStartAt,
      type.salesEndAt,
      type.maxPerOrder,
      type.maxPerUser,
      type.capacity,
    ],
  )
}
