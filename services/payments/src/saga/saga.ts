import type {
  Currency,
  EventId,
  FailureReason,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  SeatId,
  TicketId,
  TicketRequest,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'

/**
 * Where a purchase stands. What is done in each: see `remote-steps.ts`; how they follow each other: see
 * `advance.ts`. At rest: CONFIRMED (until a refund is asked for), FAILED, CANCELLED, REFUNDED.
 */
export type SagaState =
  | 'QUEUED'
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
  | 'WITHDRAWING_TICKETS'
  | 'REPAYING'
  | 'FAILED'
  | 'CANCELLED'
  | 'REFUNDED'

export interface Item {
  ticketTypeId: TicketTypeId
  quantity: number
  unitPrice: Minor
  seatIds?: SeatId[]
}
export interface IssuedTicket {
  ticketId: TicketId
  ticketNumber: string
  ticketTypeId: TicketTypeId
  qrCode: string
  /** When the ticket service made it, ISO 8601; absent where it did not say. */
  createdAt?: string
}
/** A ticket as the saga and its journal keep it. */
export const issuedTicket = ({
  ticketId,
  ticketNumber,
  ticketTypeId,
  qrCode,
  createdAt,
}: Omit<IssuedTicket, 'createdAt'> & { createdAt?: Date | undefined }): IssuedTicket => ({
  ...{ ticketId, ticketNumber, ticketTypeId, qrCode },
  ...(createdAt && { createdAt: createdAt.toISOString() }),
})

/** A ticket that admits nobody any more, under the id it was issued with, and what was paid for it. */
export interface WithdrawnTicket {
  ticketId: TicketId
  ticketTypeId: TicketTypeId
  unitPrice: Minor
}
export interface Failure {
  reason: FailureReason
  /** The answer to the buyer. */
  status: 400 | 402 | 404 | 409
  code: string
  message: string
  seatIds?: SeatId[]
  /** One's own that count against a limit. */
  reservationIds?: ReservationId[]
}

/**
 * What somebody asked for. `force`: tickets that are used or transferred go back too. Without `ticketIds` all
 * that is left.
 */
export interface RefundRequest {
  refundId: RefundId
  reason: string
  force: boolean
  ticketIds?: TicketId[]
  requestedBy?: UserId
}
/** A refund at work. The amount is known when the tickets are withdrawn. */
export interface Refund extends RefundRequest {
  amount?: Minor
  withdrawn?: TicketId[]
  startedAt?: string
  /** The money went back at the gateway already, by hand: only the tickets are left to withdraw. */
  elsewhere?: boolean
  /** The amount is not the one that was asked for at first: another refund came in between. */
  reduced?: boolean
}

/** What a saga knows. All of it is JSON; times are ISO 8601. */
export interface SagaContext {
  userId: UserId
  reservationId: ReservationId
  holderName: string
  /** The order's version when a name was last given at once: what was accepted for later by then is older. */
  namedAsOf?: number
  /** How the tickets come to be held: by us, or by the buyer beforehand. */
  purchase:
    | { kind: 'direct'; eventId: EventId; ticketRequests: TicketRequest[]; expectedTotal?: Minor }
    | { kind: 'reserved' }
  /**
   * ORDER_CREATED is not told yet: the event of an order that waited in the queue is only known when its
   * reservation is claimed.
   */
  untold?: boolean
  /** The gateway's token; gone as soon as it cannot be needed. */
  paymentToken?: string
  /** Of the refund of a purchase that could not be honoured. */
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
  /** The buyer wishes to cancel; `cancelled`: and that came in time. */
  cancelRequested?: boolean
  cancelled?: boolean
  refundReason?: string
  issued?: IssuedTicket[]
  /** Parts of the tickets that came before the others, by their number. */
  issuedParts?: Record<string, IssuedTicket[]>
  /** The refund that is at work. */
  refund?: Refund
  /** What has gone back so far. */
  refunded?: Minor
  refundedTickets?: TicketId[]
  /** The last refund that somebody made at the gateway by hand. */
  refundIdElsewhere?: RefundId
}

export interface Saga {
  orderId: OrderId
  state: SagaState
  context: SagaContext
}

/** What happened, as the table takes it. All of it is JSON: the journal keeps it, and replays it. */
export type SagaInput =
  | { type: 'BEGIN' }
  /** The wish to cancel stands in the queue; it is the buyer's from now on. */
  | { type: 'CANCEL_ANNOUNCED' }
  | {
      type: 'RESERVED'
      at: string
      eventId: EventId
      items: Item[]
      total: Minor
      currency: Currency
      eventCancelled: boolean
      /** It costs something, and the buyer gave nothing to pay with. */
      tokenMissing?: true
    }
  | { type: 'REFUSED'; failure: Failure }
  /**
   * `asOf`: the order's version when the name was given; `queued`: it has waited since, and may be older than
   * the one that stands.
   */
  | { type: 'HOLDER_NAMED'; holderName: string; asOf: number; queued?: true }
  | { type: 'CANCEL_REQUESTED' }
  | { type: 'CHARGED'; transactionId: string; eventCancelled: boolean }
  | { type: 'DECLINED'; failure: Failure }
  | { type: 'CHARGE_UNKNOWN'; reason: string }
  | { type: 'EVENT_CANCELLED' }
  | { type: 'LIMIT_PASSED' }
  | { type: 'NOT_CHARGED' }
  | { type: 'GATEWAY_UNREACHABLE' }
  | { type: 'RELEASED' }
  /** All of them, or the part of that number out of so many. */
  | { type: 'TICKETS_ISSUED'; tickets: IssuedTicket[]; part?: number; parts?: number }
  | { type: 'TICKETS_REJECTED'; reason: string; detail?: string }
  /** The ticket service answers, and for too long not with tickets. */
  | { type: 'ISSUE_GIVEN_UP'; detail: string }
  | { type: 'TICKETS_CANCELLED' }
  | { type: 'REFUND_REQUESTED'; refund: RefundRequest }
  | { type: 'TICKETS_WITHDRAWN'; at: string; tickets: WithdrawnTicket[] }
  | { type: 'WITHDRAWAL_REFUSED'; code: string; ticketIds: TicketId[] }
  | { type: 'REFUND_DONE'; gatewayRefundId: string }
  /** Somebody gave money back at the gateway; `refundId` is what we call it. */
  | { type: 'REFUNDED_ELSEWHERE'; refundId: RefundId; gatewayRefundId: string; amount: Minor }

export type Step = 'QUEUE' | 'RESERVE' | 'CHARGE' | 'RELEASE' | 'ISSUE' | 'CANCEL_TICKETS' | 'REFUND'

const steps: Record<SagaState, Step | null> = {
  QUEUED: 'QUEUE',
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
  WITHDRAWING_TICKETS: 'CANCEL_TICKETS',
  REPAYING: 'REFUND',
  FAILED: null,
  CANCELLED: null,
  REFUNDED: null,
}
/** The step that a state is at work on; null where nothing is left to do. */
export const stepOf = (state: SagaState): Step | null => steps[state]
export const isTerminal = (state: SagaState): boolean => steps[state] === null

/** What does not come of the step that is at work, but from outside. */
const wishes: Partial<Record<SagaInput['type'], string>> = {
  HOLDER_NAMED: 'HOLDER_NAME',
  CANCEL_ANNOUNCED: 'CANCEL',
  CANCEL_REQUESTED: 'CANCEL',
  REFUND_REQUESTED: 'REFUND',
  REFUNDED_ELSEWHERE: 'REFUND',
}
/** What the journal calls that which an input tells of. */
export const nameOf = (state: SagaState, input: SagaInput): string =>
  wishes[input.type] ?? stepOf(state) ?? 'CHARGE'
