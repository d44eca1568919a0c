import type {
  Currency,
  EventId,
  FailureReason,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  TicketId,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'

/**
 * Where a purchase stands. What is done in each: see `steps.ts`; how they follow each other: see `advance.ts`.
 * Terminal: CONFIRMED, FAILED, REFUNDED.
 */
export type SagaState =
  | 'RESERVING'
  | 'CHARGING'
  | 'RESOLVING'
  | 'CANCELLING_CHARGE'
  | 'RELEASING'
  | 'REFUND_IF_CHARGED'
  | 'AWAITING_TICKETS'
  | 'CANCELLING_TICKETS'
  | 'REFUNDING'
  | 'CONFIRMED'
  | 'FAILED'
  | 'REFUNDED'

export interface Item {
  ticketTypeId: TicketTypeId
  quantity: number
  unitPrice: Minor
}
export interface IssuedTicket {
  ticketId: TicketId
  ticketNumber: string
  ticketTypeId: TicketTypeId
  qrCode: string
}
export interface Failure {
  reason: FailureReason
  /** The answer to the buyer. */
  status: 400 | 402 | 404 | 409
  code: string
  message: string
}

/** What a saga knows. All of it is JSON; times are ISO 8601. */
export interface SagaContext {
  userId: UserId
  reservationId: ReservationId
  holderName: string
  /** How the tickets come to be held: by us, or by the buyer beforehand. */
  purchase:
    | {
        kind: 'direct'
        eventId: EventId
        ticketRequests: { ticketTypeId: TicketTypeId; quantity: number }[]
        expectedTotal?: Minor
      }
    | { kind: 'reserved' }
  /** The gateway's token; gone as soon as it cannot be needed. */
  paymentToken?: string
  refundId: RefundId
  eventId?: EventId
  items?: Item[]
  total?: Minor
  currency?: Currency
  chargeStartedAt?: string
  transactionId?: string
  failure?: Failure
  /** The gateway could not be asked whether it charged: ask on after the tickets are released. */
  refundIfCharged?: boolean
  refundReason?: string
  issued?: IssuedTicket[]
}

export interface Saga {
  orderId: OrderId
  state: SagaState
  context: SagaContext
}

/** What happened, as the table takes it. All of it is JSON: the journal keeps it, and replays it. */
export type SagaInput =
  | { type: 'RESERVED'; at: string; eventId: EventId; items: Item[]; total: Minor; currency: Currency; eventCancelled: boolean }
  | { type: 'REFUSED'; failure: Failure }
  | { type: 'CHARGED'; transactionId: string; eventCancelled: boolean }
  | { type: 'DECLINED'; failure: Failure }
  | { type: 'CHARGE_UNKNOWN'; reason: string }
  | { type: 'EVENT_CANCELLED' }
  | { type: 'LIMIT_PASSED' }
  | { type: 'NOT_CHARGED' }
  | { type: 'GATEWAY_UNREACHABLE' }
  | { type: 'RELEASED' }
  | { type: 'TICKETS_ISSUED'; tickets: IssuedTicket[] }
  | { type: 'TICKETS_REJECTED'; reason: string }
  | { type: 'TICKETS_CANCELLED' }
  | { type: 'REFUND_DONE'; gatewayRefundId: string }

export type Step = 'RESERVE' | 'CHARGE' | 'RELEASE' | 'ISSUE' | 'CANCEL_TICKETS' | 'REFUND'

const steps: Record<SagaState, Step | null> = {
  RESERVING: 'RESERVE',
  CHARGING: 'CHARGE',
  RESOLVING: 'CHARGE',
  CANCELLING_CHARGE: 'CHARGE',
  RELEASING: 'RELEASE',
  REFUND_IF_CHARGED: 'CHARGE',
  AWAITING_TICKETS: 'ISSUE',
  CANCELLING_TICKETS: 'CANCEL_TICKETS',
  REFUNDING: 'REFUND',
  CONFIRMED: null,
  FAILED: null,
  REFUNDED: null,
}
/** The step that a state is at work on; null where nothing is left to do. */
export const stepOf = (state: SagaState): Step | null => steps[state]
export const isTerminal = (state: SagaState): boolean => steps[state] === null
