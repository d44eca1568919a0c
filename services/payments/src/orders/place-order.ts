import {
  IDEMPOTENCY_KEY_REUSED,
  type NewOrder,
  type OrderId,
  type RefundId,
  type ReservationId,
  type UserId,
} from '@boxoffice/contracts'
import { RefusedError, refuse, type Sql } from '@boxoffice/service-kit'
import type { Begun } from '../saga/saga.ts'
import {
  findOrderByKey,
  getOrder,
  markDeferred,
  type NewOrderRow,
  type StoredOrder,
} from './order-repository.ts'

/** A request to place an order; `key` will be bound to it, and `bodyHash` detects a reused key. */
export interface OrderRequest {
  userId: UserId
  /** Without a payment token, only free tickets. */
  body: NewOrder
  key: string
  bodyHash: string
}

/** Accepts orders and changes for later; each returns the current order. */
export interface Acceptance {
  acceptOrder(request: OrderRequest): Promise<StoredOrder>
  acceptHolderName(orderId: OrderId, userId: UserId, holderName: string): Promise<StoredOrder>
  acceptCancellation(orderId: OrderId, userId: UserId): Promise<StoredOrder>
}

/** An order to place, with its idempotency key and the first state of its saga: all written in one commit. */
export interface Draft {
  readonly order: NewOrderRow
  readonly context: Begun
}

/** `deferred`: the first answer is a 202. */
export function draftOf(
  { newId }: { newId: () => string },
  { userId, body, key, bodyHash }: OrderRequest,
  deferred: boolean,
): Draft {
  const adopted = 'reservationId' in body
  const orderId = newId() as OrderId
  const reservationId = adopted ? body.reservationId : (newId() as ReservationId)
  const { paymentMethod = 'CREDIT_CARD', paymentToken, holderName } = body
  const eventId = adopted ? null : body.eventId
  return {
    order: {
      ...{ orderId, userId, eventId, reservationId, paymentMethod, holderName },
      ...{ idempotencyKey: key, bodyHash, deferred },
    },
    context: {
      userId,
      reservationId,
      holderName,
      paymentToken,
      refundId: newId() as RefundId,
      purchase: adopted
        ? { kind: 'reserved' }
        : {
            kind: 'direct',
            ...{
              eventId: body.eventId,
              ticketRequests: body.ticketRequests,
              expectedTotal: body.expectedTotal,
            },
          },
    },
  }
}

/** Returns the order that a key is bound to. Throws a 422 if it was bound by another body. */
export async function getBoundOrder(
  { db }: { db: Sql },
  { userId, key, bodyHash }: Pick<OrderRequest, 'userId' | 'key' | 'bodyHash'>,
): Promise<StoredOrder> {
  const order = await findOrderByKey(db, userId, key)
  if (!order) throw new Error('a key is bound to a missing order')
  if (order.bodyHash === bodyHash) return order
  throw new RefusedError(
    refuse(IDEMPOTENCY_KEY_REUSED, { message: 'this Idempotency-Key was used for another order' }),
  )
}

/**
 * Records that the buyer is answered 202: repetitions then get the current state, and the outcome of the
 * order is published. Returns the order to answer with; if it has ended meanwhile, nothing is published.
 */
export async function recordDeferral({ db }: { db: Sql }, order: StoredOrder): Promise<StoredOrder> {
  if (order.status !== 'PENDING' || order.deferred) return order
  return (await markDeferred(db, order.orderId)) ? order : getOrder(db, order.orderId)
}
