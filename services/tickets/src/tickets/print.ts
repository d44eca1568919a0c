import { createHash } from 'node:crypto'
import type { OrderId, ShownTicket } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { EventReplica } from '../event-replicas/replica.ts'
import { findReplica } from '../event-replicas/replica-repository.ts'
import { findZoneNames } from '../plans/plan-repository.ts'
import { findTypeNames } from '../types/type-repository.ts'
import { type CodeKey, signCode } from './codes.ts'
import type { PrintedTicket } from './pdf.ts'
import type { StoredTicket } from './ticket.ts'
import { listPrintedOfOrders, type Printed } from './ticket-repository.ts'

/** Raise with every change of the layout, so that stored PDFs are made again. */
const LAYOUT = 2

type PrintedEvent = PrintedTicket['event'] & Pick<EventReplica, 'status'>

/** Tickets of one event with everything that their pages show. */
export interface Print {
  readonly event: PrintedEvent
  readonly tickets: readonly (Omit<PrintedTicket, 'event' | 'code' | 'ticket'> & {
    readonly ticket: StoredTicket
  })[]
}

/**
 * Loads what the pages of these tickets show; all must be of one event. Throws when the event or a type is
 * missing.
 */
export async function printOf(sql: Sql, tickets: readonly [StoredTicket, ...StoredTicket[]]): Promise<Print> {
  const [{ eventId }] = tickets
  const [event, typeNames, zoneNames] = await Promise.all([
    findReplica(sql, eventId),
    findTypeNames(sql, [...new Set(tickets.map(({ ticketTypeId }) => ticketTypeId))]),
    tickets.some(({ seat }) => seat) ? findZoneNames(sql, eventId) : new Map<number, string>(),
  ])
  if (!event) throw new Error(`event ${eventId} has tickets and no replica`)
  return {
    event,
    tickets: tickets.map((ticket) => {
      const typeName = typeNames.get(ticket.ticketTypeId)
      if (typeName === undefined) throw new Error(`ticket ${ticket.ticketId} has an unknown type`)
      const { seat } = ticket
      if (!seat) return { ticket, typeName }
      const section = zoneNames.get(seat.zoneId) ?? String(seat.zoneId)
      return { ticket, typeName, seat: { section, rowLabel: seat.rowLabel, colLabel: seat.colLabel } }
    }),
  }
}

/**
 * Loads the valid tickets of orders that their buyer holds; tickets transferred to others are left out, as
 * are orders without any.
 */
export async function findPrintsOfOrders(
  sql: Sql,
  orderIds: readonly OrderId[],
): Promise<ReadonlyMap<OrderId, Print>> {
  const rows = await listPrintedOfOrders(sql, orderIds)
  const ofOrder = Map.groupBy(rows, ({ ticket }) => ticket.orderId)
  return new Map(
    [...ofOrder].map(([orderId, printed]) => [orderId, printOfRows(printed as [Printed, ...Printed[]])]),
  )
}

/** Loads those of one order; null if there are none. */
export const findPrintOfOrder = async (sql: Sql, orderId: OrderId): Promise<Print | null> =>
  (await findPrintsOfOrders(sql, [orderId])).get(orderId) ?? null

function printOfRows(rows: readonly [Printed, ...Printed[]]): Print {
  const [first] = rows
  return {
    event: first.event,
    tickets: rows.map(({ ticket, typeName, zoneName }) => {
      const { seat } = ticket
      if (!seat) return { ticket, typeName }
      const section = zoneName ?? String(seat.zoneId)
      return { ticket, typeName, seat: { section, rowLabel: seat.rowLabel, colLabel: seat.colLabel } }
    }),
  }
}

/** Returns a version that changes whenever the pages or the codes on them would. */
export function versionOf({ event, tickets }: Print, { keyId }: Pick<CodeKey, 'keyId'>): string {
  const { eventId, name, eventDate, timeZone, venueName, venueAddress, status } = event
  const pages = tickets.map(({ ticket, typeName, seat }) => {
    const { ticketId, ticketNumber, codeVersion, holderName, unitPrice, currency } = ticket
    return [ticketId, ticketNumber, codeVersion, holderName, unitPrice, currency, typeName, seat ?? null]
  })
  const shown = [LAYOUT, keyId, [eventId, name, eventDate, timeZone, venueName, venueAddress, status], pages]
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64url')
}

/** Returns the pages with their codes. */
export const pagesOf = ({ event, tickets }: Print, key: CodeKey): PrintedTicket[] =>
  tickets.map((page) => ({ ...page, event, code: signCode(page.ticket, key) }))

export const shownTicketsOf = ({ tickets }: Print): ShownTicket[] =>
  tickets.map(({ ticket, typeName }) => {
    const { ticketId, ticketNumber, holderName, seat, unitPrice, currency } = ticket
    return {
      ticketId,
      ticketNumber,
      ticketTypeName: typeName,
      holderName,
      ...(seat && { seat }),
      unitPrice,
      currency,
    }
  })
