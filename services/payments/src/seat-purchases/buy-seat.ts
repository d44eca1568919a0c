import { setTimeout as sleep } from 'node:timers/promises'
import { type Minor, type NewOrder, type SeatPurchase, seatIdOf } from '@boxoffice/contracts'
import { RefusedError, refuse, type UserPrincipal } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { checkout } from '../orders/checkout.ts'
import { findOrderByKey, getOrder, type StoredOrder } from '../orders/order-repository.ts'
import { getBoundOrder, type OrderRequest } from '../orders/place-order.ts'
import { waitsUntil } from '../saga/wait.ts'

/** Tickets take some 50 ms; when they take long, those who wait must not make it longer. */
const [FIRST_POLL_MS, LONGEST_POLL_MS] = [25, 400]
/**
 * A key of this route is another one than the same of `POST /api/payments/orders`: no header can hold a
 * space.
 */
const keyOf = (given: string) => `POST /api/v1/tickets ${given}`

/**
 * Buy one seat through the purchase saga, and wait until its ticket is issued, `checkoutWaitMs` from the
 * request on at most (asking for the seat and a name is part of them, and has limits of its own): the order
 * as it stands then. Under the same key it is the same order, and waited for likewise. Throws 404
 * EVENT_NOT_FOUND (also for an event that is at another venue), 404 SEAT_NOT_FOUND, 400 where a token is
 * needed and there is none, 422 for another body, and ServiceUnavailable.
 */
export async function buySeat(
  deps: Dependencies,
  asked: { principal: UserPrincipal; body: SeatPurchase; key: string; bodyHash: string },
): Promise<StoredOrder> {
  const { principal, body, bodyHash } = asked
  const { userId } = principal
  const until = waitsUntil(deps)
  const key = keyOf(asked.key || deps.newId())
  // A repetition is answered with its order, whatever has become of the seat since.
  const isBound = asked.key !== '' && (await findOrderByKey(deps.db, userId, key)) !== null
  const bound = { userId, key, bodyHash }
  const order = isBound
    ? await getBoundOrder(deps, bound)
    : await checkout(
        deps,
        { ...bound, body: await purchaseOf(deps, principal, body) } satisfies OrderRequest,
        until,
      )
  return confirmed(deps, order, until)
}

/** What an order of one seat says. */
async function purchaseOf(
  deps: Dependencies,
  principal: UserPrincipal,
  body: SeatPurchase,
): Promise<NewOrder> {
  const { venueId, eventId } = body
  const seatId = seatIdOf(body)
  const found = await deps.tickets.findSeat({ params: { eventId, seatId } })
  if (found.status === 404) throw new RefusedError(found)
  const { ticketTypeId, unitPrice } = found.body
  if (found.body.venueId !== venueId) {
    throw new RefusedError(refuse(404, 'EVENT_NOT_FOUND', 'there is no such event at this venue'))
  }
  const paymentToken = body.paymentToken ?? deps.config.defaultPaymentToken
  if (paymentToken === undefined && unitPrice > 0) {
    const details = [{ path: 'body.paymentToken', message: 'is required for a seat that costs something' }]
    throw new RefusedError(refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details }))
  }
  return {
    eventId,
    ticketRequests: [{ ticketTypeId, seatIds: [seatId] }],
    // Without a token it must still cost nothing when it is held.
    ...(paymentToken === undefined && { expectedTotal: 0 as Minor }),
    paymentMethod: 'CREDIT_CARD',
    paymentToken,
    holderName: body.holderName ?? (await deps.nameOf(principal)),
  }
}

/** The order when its tickets are known, or it came to nothing, or `until` has passed. */
async function confirmed(deps: Dependencies, placed: StoredOrder, until: Date): Promise<StoredOrder> {
  let order = placed
  let waitMs = FIRST_POLL_MS
  while ((order.status === 'PENDING' || order.status === 'PAID') && deps.now() < until) {
    await sleep(waitMs)
    waitMs = Math.min(LONGEST_POLL_MS, waitMs * 2)
    order = await getOrder(deps.db, order.orderId)
  }
  return order
}
