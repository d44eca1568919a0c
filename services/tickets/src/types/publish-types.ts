import { ticketTypeChanged } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { PublishedType } from './type-repository.ts'

/** Publishes the current state of types, in the transaction that changes them. */
export async function publishTypes(
  appendAll: AppendAll,
  tx: Tx,
  types: readonly PublishedType[],
): Promise<void> {
  const messages = types.map(
    ({
      ticketTypeId,
      eventId,
      name,
      kind,
      unitPrice,
      currency,
      capacity: quantityTotal,
      withdrawn,
      version: aggregateVersion,
    }) => ({
      payload: { ticketTypeId, eventId, name, kind, unitPrice, currency, quantityTotal, withdrawn },
      aggregateVersion,
    }),
  )
  await appendAll(tx, ticketTypeChanged, messages)
}
