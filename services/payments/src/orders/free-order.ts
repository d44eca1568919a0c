import { RefusedError, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { findOrderByKey } from './order-repository.ts'
import type { OrderRequest } from './place-order.ts'

/**
 * Who gives no payment token gets what costs nothing. Throws the 400 before a reservation that costs
 * something is claimed, so that its buyer keeps it. What is not held yet has no price: the saga looks at
 * that, and lets go of it.
 */
export async function requireToken(
  deps: Pick<Dependencies, 'db' | 'tickets'>,
  { userId, body, key }: OrderRequest,
): Promise<void> {
  if (body.paymentToken !== undefined || !('reservationId' in body)) return
  if (await findOrderByKey(deps.db, userId, key)) return
  const { reservationId } = body
  const found = await deps.tickets.getReservationInfo({ params: { reservationId } })
  // Somebody else's is refused when it is claimed, as one that is not there.
  if (found.status === 404 || found.body.userId !== userId || found.body.totalAmount === 0) return
  const details = [{ path: 'body.paymentToken', message: 'is required for tickets that cost something' }]
  throw new RefusedError(refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details }))
}
