import { ticketCheckedIn } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { PublishedCheckIn } from './check-in-repository.ts'

/** Publishes admissions, in the transaction that admits. */
export async function publishCheckIns(
  appendAll: AppendAll,
  tx: Tx,
  checkIns: readonly PublishedCheckIn[],
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
