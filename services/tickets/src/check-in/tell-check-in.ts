import { ticketCheckedIn } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { ToldCheckIn } from './check-in-repository.ts'

/** Tell that somebody was admitted, in the transaction that admits them. */
export async function tellCheckIn(append: Append, tx: Tx, checkIn: ToldCheckIn): Promise<void> {
  const { ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId, checkedInAt, gate } = checkIn
  const of = { ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId }
  const payload = { ...of, checkedInAt, ...(gate !== null && { gate }) }
  await append(tx, ticketCheckedIn, payload, { aggregateVersion: checkIn.version })
}
