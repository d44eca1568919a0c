import {
  CHARGE_MAX,
  CHARGE_MIN,
  earlierOf,
  formatMoney,
  type NewTicketType,
  overAt,
  type TicketType,
  type TicketTypeChanges,
} from '@boxoffice/contracts'
import type { EventReplica } from '../event-replicas/replica.ts'
import type { StoredType } from './type-repository.ts'

const MAX_PER_ORDER = 10

/** Builds a new type; the `capacity` of a seated one is the number of its seats. */
export const newType = (
  { eventId, name, unitPrice, ...body }: NewTicketType,
  made: Pick<StoredType, 'ticketTypeId' | 'currency' | 'capacity'>,
): StoredType => ({
  ...made,
  eventId,
  name,
  unitPrice,
  kind: body.zoneIds ? 'SEATED' : 'GENERAL',
  zoneIds: (body.zoneIds ?? []).toSorted((a, b) => a - b),
  salesStartAt: body.salesStartAt ?? null,
  salesEndAt: body.salesEndAt ?? null,
  maxPerOrder: body.maxPerOrder ?? MAX_PER_ORDER,
  maxPerUser: body.maxPerUser ?? null,
  held: 0,
  sold: 0,
  version: 1,
})

/** Returns a type after changes: undefined leaves a field as it is, null removes it. */
export const applyTypeChanges = (type: StoredType, changes: TicketTypeChanges): StoredType => ({
  ...type,
  name: changes.name ?? type.name,
  unitPrice: changes.unitPrice ?? type.unitPrice,
  capacity: changes.quantity ?? type.capacity,
  salesStartAt: changes.salesStartAt === undefined ? type.salesStartAt : changes.salesStartAt,
  salesEndAt: changes.salesEndAt === undefined ? type.salesEndAt : changes.salesEndAt,
  maxPerOrder: changes.maxPerOrder ?? type.maxPerOrder,
  maxPerUser: changes.maxPerUser === undefined ? type.maxPerUser : changes.maxPerUser,
})

/**
 * Returns when sales of a type end: at its own time, else when the event starts, and no later than the
 * event's end.
 */
export const salesEndOf = ({ salesEndAt }: Pick<StoredType, 'salesEndAt'>, replica: EventReplica): Date =>
  earlierOf(salesEndAt ?? replica.eventDate, overAt(replica))

/** Returns what is wrong with a price or the time of sales, by field; null when nothing is. */
export function wrongWith(
  type: Pick<StoredType, 'unitPrice' | 'currency' | 'salesStartAt' | 'salesEndAt'>,
  replica: EventReplica,
): { path: string; message: string } | null {
  const { unitPrice, currency } = type
  if (unitPrice > CHARGE_MAX || (unitPrice > 0 && unitPrice < CHARGE_MIN[currency])) {
    const [least, most] = [CHARGE_MIN[currency], CHARGE_MAX].map((amount) => formatMoney(amount, currency))
    return {
      path: 'body.unitPrice',
      message: `must be 0, or from ${least} to ${most}, the range that can be charged`,
    }
  }
  if (type.salesStartAt && type.salesEndAt && type.salesStartAt >= type.salesEndAt) {
    return { path: 'body.salesEndAt', message: 'must be after salesStartAt' }
  }
  const ends = salesEndOf(type, replica)
  if (type.salesStartAt && type.salesStartAt >= ends) {
    return { path: 'body.salesStartAt', message: `must be before ${ends.toISOString()}, when sales end` }
  }
  return null
}

/** Maps a type to the API. */
export function typeView(type: StoredType, replica: EventReplica): TicketType {
  const {
    salesStartAt,
    salesEndAt: _,
    maxPerUser,
    capacity,
    held,
    sold,
    zoneIds,
    version: __,
    ...rest
  } = type
  return {
    ...rest,
    quantityTotal: capacity,
    quantityAvailable: capacity - held - sold,
    salesStartAt: salesStartAt ?? undefined,
    salesEndAt: salesEndOf(type, replica),
    maxPerUser: maxPerUser ?? undefined,
    ...(type.kind === 'SEATED' && { zoneIds: [...zoneIds] }),
  }
}
