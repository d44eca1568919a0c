import { ticketTypeChanged } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { ToldType } from './type-repository.ts'

/** Tell how a type stands, in the transaction that changes it. */
export async function tellType(append: Append, tx: Tx, type: ToldType): Promise<void> {
  const { ticketTypeId, eventId, name, kind, unitPrice, currency, capacity: quantityTotal, withdrawn } = type
  const payload = { ticketTypeId, eventId, name, kind, unitPrice, currency, quantityTotal, withdrawn }
  await append(tx, ticketTypeChanged, payload, { aggregateVersion: type.version })
}
