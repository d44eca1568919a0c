import type { Order, OrderId, ReservationId, SeatId } from '@boxoffice/contracts'
import type { SagaContext } from './saga.ts'
import type { Effects } from './transition.ts'

/** A stored order: the contract's, and internal fields. */
export interface StoredOrder extends Order {
  idempotencyKey: string
  bodyHash: string
  deferred: boolean
  version: number
  transactionId: string | null
  refusal: {
    status: 400 | 402 | 404 | 409
    code: string
    message: string
    seatIds?: SeatId[]
    reservationIds?: ReservationId[]
  } | null
}

/** What a transition changes of its order. */
export interface OrderChange {
  readonly orderId: OrderId
  readonly context: SagaContext
  readonly effects: Effects
}
