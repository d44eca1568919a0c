import {
  EVENT_NOT_FOUND,
  type Minor,
  type NewOrder,
  type SeatPurchase,
  seatIdOf,
  type ticketsInternalRoutes,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import { type Client, RefusedError, refuse, type UserPrincipal } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { type CheckoutDeps, checkout } from '../orders/checkout.ts'
import { findOrderByKey, type StoredOrder } from '../orders/order-repository.ts'
import { waitWhile } from '../orders/order-watch.ts'
import { getBoundOrder, type OrderRequest } from '../orders/place-order.ts'
import { waitsUntil } from '../saga/wait.ts'

export interface SeatPurchaseDeps extends CheckoutDeps {
  tickets: Pick<Client<typeof ticketsInternalRoutes>, 'findSeat'>
  /** Returns the name for the ticket if the buyer gave none. */
  nameOf(principal: UserPrincipal): Promise<string>
  config: Pick<Config, 'checkoutWaitMs' | 'defaultPaymentToken'>
}

/**
 * Keys of this route differ from the same keys of `POST /api/payments/orders`: a header cannot contain a
 * space.
 */
const keyOf = (given: string) => `POST /api/v1/tickets ${given}`

/**
 * Buys one seat through the purchase saga and waits until its ticket is issued, up to `checkoutWaitMs` from
 * the request on, including finding the seat and a name, which have their own limits; returns the order as of
 * then. The same key is the same order. Throws 404 EVENT_NOT_FOUND (also for an event at another venue), 404
 * SEAT_NOT_FOUND, 400 if a required token is missing, 422 for another body, and ServiceUnavailable.
 */
export async function buySeat(
  deps: SeatPurchaseDeps,
  request: { principal: UserPrincipal; body: SeatPurchase; key: string; bodyHash: string },
): Promise<StoredOrder> {
  const { principal, body, bodyHash } = request
  const { userId } = principal
  const until = waitsUntil(deps)
  const key = keyOf(request.key || deps.newId())
  // A repetition is answered with its order, whatever has happened to the seat since.
  const isBound = request.key !== '' && (await findOrderByKey(deps.db, userId, key)) !== null
  const bound = { userId, key, bodyHash }
  const order = isBound
    ? await getBoundOrder(deps, bound)
    : await checkout(
        deps,
        { ...bound, body: await purchaseOf(deps, principal, body) } satisfies OrderRequest,
        until,
      )
  return waitWhile(deps, order, ['PENDING', 'PAID'], until)
}

/** Builds the order of one seat. */
async function purchaseOf(
  deps: Pick<SeatPurchaseDeps, 'tickets' | 'nameOf' | 'config'>,
  principal: UserPrincipal,
  body: SeatPurchase,
): Promise<NewOrder> {
  const { venueId, eventId } = body
  const seatId = seatIdOf(body)
  const found = await deps.tickets.findSeat({ params: { eventId, seatId } })
  if (found.status === 404) throw new RefusedError(found)
  const { ticketTypeId, unitPrice } = found.body
  if (found.body.venueId !== venueId) {
    throw new RefusedError(refuse(EVENT_NOT_FOUND, { message: 'no such event at this venue' }))
  }
  const paymentToken = body.paymentToken ?? deps.config.defaultPaymentToken
  if (paymentToken === undefined && unitPrice > 0) {
    const details = [{ path: 'body.paymentToken', message: 'is required for a seat that costs something' }]
    throw new RefusedError(refuse(VALIDATION_FAILED, { details }))
  }
  return {
    eventId,
    ticketRequests: [{ ticketTypeId, seatIds: [seatId] }],
    // Without a token, the seat must still be free of charge when it is held.
    ...(paymentToken === undefined && { expectedTotal: 0 as Minor }),
    paymentMethod: 'CREDIT_CARD',
    paymentToken,
    holderName: body.holderName ?? (await deps.nameOf(principal)),
  }
}
