import { ticketCheckedIn } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { ToldCheckIn } from './check-in-repository.ts'

/** Tell that people were admitted, in the transaction that admits them. */
export async function tellCheckIns(
  appendAll: AppendAll,
  tx: Tx,
  checkIns: readonly ToldCheckIn[],
): Promise<void> {
  const messages = checkIns.map(
    ({
      ticketId,
      ticketNumber,
      ticketTypeId,
      orderId,
      userId,
      eventId,
      checkedInAt,
      gate,
      version: aggregateVersion,
      origin,
    }) => {
      const of = { ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId }
      return {
        payload: { ...of, checkedInAt, ...(gate !== null && { gate }) },
        aggregateVersion,
        ...(origin && { origin }),
      }
    },
  )
  await appendAll(tx, ticketCheckedIn, messages)
}
