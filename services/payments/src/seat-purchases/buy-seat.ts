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
import { findOrderByKey, getOrder, type StoredOrder } from '../orders/order-repository.ts'
import type { WatchOrder } from '../orders/order-watch.ts'
import { getBoundOrder, type OrderRequest } from '../orders/place-order.ts'
import { waitsUntil } from '../saga/wait.ts'

export interface SeatPurchaseDeps extends CheckoutDeps {
  tickets: Pick<Client<typeof ticketsInternalRoutes>, 'findSeat'>
  /** The name that a ticket bears when none is given. */
  nameOf(principal: UserPrincipal): Promise<string>
  watchOrder: WatchOrder
  config: Pick<Config, 'checkoutWaitMs' | 'defaultPaymentToken'>
}

/**
 * A key of this route is another one than the same of `POST /api/payments/orders`: no header can hold a
 * space.
 */
const keyOf = (given: string) => `POST /api/v1/tickets ${given}`

/**
 * Buy one seat through the purchase saga, and wait until its ticket is issued, `checkoutWaitMs` from the
 * request on at most (finding the seat and a name is part of them, and has limits of its own): the order as
 * it stands then. Under the same key it is the same order, and waited for likewise. Throws 404
 * EVENT_NOT_FOUND (also for an event that is at another venue), 404 SEAT_NOT_FOUND, 400 where a token is
 * needed and there is none, 422 for another body, and ServiceUnavailable.
 */
export async function buySeat(
  deps: SeatPurchaseDeps,
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
  return waitForTicket(deps, order, until)
}

/** What an order of one seat says. */
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
    throw new RefusedError(refuse(EVENT_NOT_FOUND, { message: 'there is no such event at this venue' }))
  }
  const paymentToken = body.paymentToken ?? deps.config.defaultPaymentToken
  if (paymentToken === undefined && unitPrice > 0) {
    const details = [{ path: 'body.paymentToken', message: 'is required for a seat that costs something' }]
    throw new RefusedError(refuse(VALIDATION_FAILED, { details }))
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

const isOpen = ({ status }: Pick<StoredOrder, 'status'>) => status === 'PENDING' || status === 'PAID'

/** The order when its ticket is issued, or it came to nothing, or `until` has passed. */
async function waitForTicket(
  { db, now, watchOrder }: Pick<SeatPurchaseDeps, 'db' | 'now' | 'watchOrder'>,
  order: StoredOrder,
  until: Date,
): Promise<StoredOrder> {
  const waitMs = until.getTime() - now().getTime()
  if (!isOpen(order) || waitMs <= 0) return order
  for await (const progress of watchOrder(order, AbortSignal.timeout(waitMs))) if (!isOpen(progress)) break
  return getOrder(db, order.orderId)
}
