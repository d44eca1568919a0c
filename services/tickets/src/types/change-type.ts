import type { EventId, SeatId, TicketTypeChanges, TicketTypeId } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { EventReplica } from '../event-replicas/replica.ts'
import type { Released } from '../holds/commands.ts'
import { lockCounters } from '../holds/counter-repository.ts'
import { freeZones } from '../plans/plan-repository.ts'
import { publishTypes } from './publish-types.ts'
import { applyTypeChanges, wrongWith } from './type.ts'
import { findType, type StoredType, updateType, wasSold, withdrawType } from './type-repository.ts'

export type ChangeResult =
  | { outcome: 'changed'; type: StoredType; released: readonly Released[] }
  | { outcome: 'invalid'; path: string; message: string }
  | { outcome: 'below-sold'; sold: number; held: number }
  | { outcome: 'gone' }

export interface Changing {
  /** Expires overdue holds that block a change. */
  expiry: {
    expireOf(
      tx: Tx,
      wanted: { eventId: EventId; ticketTypeIds: readonly TicketTypeId[]; seatIds: readonly SeatId[] },
      options: { wait: boolean },
    ): Promise<Released[]>
  }
  messaging: Pick<Messaging, 'appendAll'>
}

/** Changes a type; held and sold tickets keep their price. Overdue holds are expired first. */
export async function changeType(
  deps: Changing,
  tx: Tx,
  replica: EventReplica,
  ticketTypeId: TicketTypeId,
  changes: TicketTypeChanges,
): Promise<ChangeResult> {
  const released = await expireAll(deps, tx, replica, ticketTypeId)
  const type = await lockType(tx, ticketTypeId)
  if (!type) return { outcome: 'gone' }
  if (changes.quantity !== undefined && type.kind === 'SEATED') {
    return {
      outcome: 'invalid',
      path: 'body.quantity',
      message: 'the capacity of a seated type is the number of seats in its zones',
    }
  }
  const changed = applyTypeChanges(type, changes)
  // Values that were valid once do not block other changes, even if the event has moved since.
  const touched = [changes.unitPrice, changes.salesStartAt, changes.salesEndAt].some(
    (value) => value !== undefined,
  )
  const wrong = touched ? wrongWith(changed, replica) : null
  if (wrong) return { outcome: 'invalid', ...wrong }
  if (changed.capacity < type.sold + type.held)
    return { outcome: 'below-sold', sold: type.sold, held: type.held }
  const updated = await updateType(tx, changed)
  await publishTypes(deps.messaging.appendAll, tx, [{ ...updated, withdrawn: false }])
  return { outcome: 'changed', type: updated, released }
}

/** Withdraws a type from sale. Its sold and held tickets stay. */
export async function deleteType(
  deps: Changing,
  tx: Tx,
  replica: EventReplica,
  ticketTypeId: TicketTypeId,
): Promise<ChangeResult> {
  const released = await expireAll(deps, tx, replica, ticketTypeId)
  const type = await lockType(tx, ticketTypeId)
  if (!type) return { outcome: 'gone' }
  if (type.held > 0 || type.sold > 0 || (await wasSold(tx, type))) {
    return { outcome: 'below-sold', sold: type.sold, held: type.held }
  }
  const withdrawn = await withdrawType(tx, type)
  await freeZones(tx, ticketTypeId)
  await publishTypes(deps.messaging.appendAll, tx, [{ ...withdrawn, withdrawn: true }])
  return { outcome: 'changed', type: withdrawn, released }
}

const expireAll = ({ expiry }: Changing, tx: Tx, { eventId }: EventReplica, ticketTypeId: TicketTypeId) =>
  expiry.expireOf(tx, { eventId, ticketTypeIds: [ticketTypeId], seatIds: [] }, { wait: true })

/** Returns a type with its counter locked, so that it cannot change before the transaction ends. */
async function lockType(tx: Tx, ticketTypeId: TicketTypeId): Promise<StoredType | null> {
  await lockCounters(tx, [ticketTypeId])
  return findType(tx, ticketTypeId)
}
