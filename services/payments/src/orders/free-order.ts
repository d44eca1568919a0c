import { type ticketsInternalRoutes, VALIDATION_FAILED } from '@boxoffice/contracts'
import { type Client, RefusedError, refuse, type Sql } from '@boxoffice/service-kit'
import { findOrderByKey } from './order-repository.ts'
import type { OrderRequest } from './place-order.ts'

/**
 * Requires a payment token unless the tickets are free. Throws the 400 before a priced reservation is
 * claimed, so that its buyer keeps it. Tickets that are not held yet have no price: the saga checks and
 * releases them.
 */
export async function requireToken(
  deps: { db: Sql; tickets: Pick<Client<typeof ticketsInternalRoutes>, 'getReservationInfo'> },
  { userId, body, key }: OrderRequest,
): Promise<void> {
  if (body.paymentToken !== undefined || !('reservationId' in body)) return
  if (await findOrderByKey(deps.db, userId, key)) return
  const { reservationId } = body
  const found = await deps.tickets.getReservationInfo({ params: { reservationId } })
  // Another user's reservation is refused as not found when it is claimed.
  if (found.status === 404 || found.body.userId !== userId || found.body.totalAmount === 0) return
  const details = [{ path: 'body.paymentToken', message: 'is required for tickets that cost something' }]
  throw new RefusedError(refuse(VALIDATION_FAILED, { details }))
}
