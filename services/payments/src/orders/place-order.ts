import type { NewOrder, OrderId, RefundId, ReservationId, UserId } from '@boxoffice/contracts'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { SagaContext } from '../saga/saga.ts'
import {
  findOrderByKey,
  getOrder,
  markDeferred,
  type NewOrderRow,
  type StoredOrder,
} from './order-repository.ts'

/** An order to place; `key` is bound to it, and `bodyHash` tells whether a repetition is one. */
export interface OrderRequest {
  userId: UserId
  /** Without a payment token only what costs nothing. */
  body: NewOrder
  key: string
  bodyHash: string
}

/**
 * An order that is to be placed, its idempotency key a part of it, and what its saga begins with: the caller
 * writes both in one commit.
 */
export interface Draft {
  readonly order: NewOrderRow
  readonly context: SagaContext
}

/** `deferred`: the first answer is 202. */
export function draftOf(
  { newId }: Pick<Dependencies, 'newId'>,
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
      orderId,
      userId,
      eventId,
      reservationId,
      paymentMethod,
      holderName,
      idempotencyKey: key,
      bodyHash,
      deferred,
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
            eventId: body.eventId,
            ticketRequests: body.ticketRequests,
            expectedTotal: body.expectedTotal,
          },
    },
  }
}

/** The order that a key is bound to. Throws a 422 where it was bound by another body. */
export async function getBoundOrder(
  { db }: Pick<Dependencies, 'db'>,
  { userId, key, bodyHash }: Pick<OrderRequest, 'userId' | 'key' | 'bodyHash'>,
): Promise<StoredOrder> {
  const order = await findOrderByKey(db, userId, key)
  if (!order) throw new Error('a key is bound to an order that is not there')
  if (order.bodyHash === bodyHash) return order
  throw new RefusedError(
    refuse(422, 'IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another order'),
  )
}

/**
 * Before 202 is answered it is remembered: from then on a repetition gets the current state, and what the
 * order comes to is told. The order as it is to be answered: it may have come to its end in between, and then
 * nothing is told.
 */
export async function settled({ db }: Pick<Dependencies, 'db'>, order: StoredOrder): Promise<StoredOrder> {
  if (order.status !== 'PENDING' || order.deferred) return order
  const sql = db
  return (await markDeferred(sql, order.orderId)) ? order : getOrder(sql, order.orderId)
}
