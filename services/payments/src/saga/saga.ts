import type {
  Currency,
  EventId,
  FailureReason,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  SagaState,
  SeatId,
  TicketId,
  TicketRequest,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'

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
  /** When the ticket service issued it, ISO 8601; absent if unknown. */
  createdAt?: string
}
/** A ticket that no longer admits, under the id it was issued with, and the price paid. */
export interface WithdrawnTicket {
  ticketId: TicketId
  ticketTypeId: TicketTypeId
  unitPrice: Minor
}
export interface Failure {
  reason: FailureReason
  /** The status of the answer to the buyer. */
  status: 400 | 402 | 404 | 409
  code: string
  message: string
  seatIds?: SeatId[]
  /** The buyer's own reservations that count against a limit. */
  reservationIds?: ReservationId[]
}

/**
 * A requested refund. `force`: includes used and transferred tickets. Without `ticketIds`: everything left.
 */
export interface RefundRequest {
  refundId: RefundId
  reason: string
  force: boolean
  ticketIds?: TicketId[]
  requestedBy?: UserId
}
/** A refund in progress. The amount is known once the tickets are withdrawn. */
export interface Refund extends RefundRequest {
  amount?: Minor
  withdrawn?: TicketId[]
  startedAt?: string
  /** The money was refunded at the gateway by hand: only the tickets are left to withdraw. */
  elsewhere?: boolean
  /** The amount is not the requested one, because another refund came in between. */
  reduced?: boolean
}

/** Everything that a saga may know. All of it is JSON; times are ISO 8601. */
interface Facts {
  userId: UserId
  reservationId: ReservationId
  holderName: string
  /** The order's version when a name was last given directly: requests queued before are older. */
  namedAsOf: number
  /** How the tickets are held: by the saga, or by the buyer beforehand. */
  purchase:
    | { kind: 'direct'; eventId: EventId; ticketRequests: TicketRequest[]; expectedTotal?: Minor }
    | { kind: 'reserved' }
  /** ORDER_CREATED is not published yet: a queued order learns its event when its reservation is claimed. */
  untold: boolean
  /** The gateway's token; deleted as soon as it is not needed. */
  paymentToken: string
  /** Of the refund of a purchase that could not be honoured. */
  refundId: RefundId
  eventId: EventId
  items: Item[]
  total: Minor
  currency: Currency
  chargeStartedAt: string
  /** The charge; absent for a free order. */
  transactionId: string
  failure: Failure
  /** The gateway was unavailable when asked about the charge: ask again after the tickets are released. */
  refundIfCharged: boolean
  /** The buyer requested to cancel; `cancelled`: in time. */
  cancelRequested: boolean
  cancelled: true
  refundReason: string
  issued: IssuedTicket[]
  /** Parts of the tickets that have arrived, by their number. */
  issuedParts: Record<string, IssuedTicket[]>
  refund: Refund
  /** The amount refunded so far. */
  refunded: Minor
  refundedTickets: TicketId[]
  /** The last refund that was made at the gateway by hand. */
  refundIdElsewhere: RefundId
}
type Fact = keyof Facts
type Always = 'userId' | 'reservationId' | 'holderName' | 'purchase' | 'refundId'

/** What a saga knows at a stage: `Has`, perhaps `May`, and nothing else. */
type Knows<Has extends Fact, May extends Fact = never> = Pick<Facts, Has | Always> &
  Partial<Pick<Facts, May | 'namedAsOf'>> & {
    [F in Exclude<Fact, Has | May | Always | 'namedAsOf'>]?: undefined
  }

type Price = 'eventId' | 'items' | 'total' | 'currency' | 'chargeStartedAt'
type Ends<Has extends Fact, May extends Fact> = Knows<Has | 'failure', May> | Knows<Has | 'cancelled', May>
type Elsewhere = 'cancelRequested' | 'refunded' | 'refundIdElsewhere'
/** Money that arrived after the end, and its refund. */
type Late = Elsewhere | 'refundIfCharged' | 'transactionId' | 'refundReason'
type Paid = Elsewhere | 'transactionId'

export type Begun = Knows<never, 'untold' | 'paymentToken' | 'cancelRequested'>
export type Charging = Knows<Price | 'paymentToken', 'cancelRequested'>
/** The gateway cannot say whether it charged. */
export type Unreachable = Knows<Price | 'paymentToken', 'cancelRequested' | 'refundIfCharged'>
/** The order failed before anything was held, or afterwards. */
export type Unpriced = Ends<never, 'untold' | 'cancelRequested'>
export type Released = Ends<Price, Late>
export type Awaiting = Knows<Price, Paid | 'issuedParts'>
export type Confirmed = Knows<Price | 'issued', Paid | 'refundedTickets'>
export type CancellingTickets = Knows<Price | 'refundReason', Paid | 'issuedParts'>
export type Refunding =
  | Knows<Price | 'refundReason' | 'transactionId', Paid | 'issuedParts' | 'refund'>
  | Ends<Price | 'refundReason' | 'transactionId', Late | 'refund'>
/** A refund is in progress; without `issued`, the tickets had not arrived when it was requested. */
export type Withdrawing =
  | Knows<Price | 'issued' | 'refund', Paid | 'refundedTickets'>
  | Knows<Price | 'refund', Paid | 'issuedParts'>
export type Refunded = Knows<Price, Paid | 'issued' | 'issuedParts' | 'refundedTickets' | 'refundReason'>

/** What a saga knows in each state. */
export interface Contexts {
  QUEUED: Begun
  RESERVING: Begun
  CHARGING: Charging
  RESOLVING: Charging
  CANCELLING_CHARGE: Charging
  RELEASING: Unpriced | Released
  REFUND_IF_CHARGED: Released
  AWAITING_TICKETS: Awaiting
  CANCELLING_TICKETS: CancellingTickets
  REFUNDING: Refunding
  CONFIRMED: Confirmed
  WITHDRAWING_TICKETS: Withdrawing
  REPAYING: Withdrawing
  FAILED: Unpriced | Released
  CANCELLED: Unpriced | Released
  REFUNDED: Refunded
}
export type SagaContext = Contexts[SagaState]

/** A state and its context. */
export type SagaPosition<S extends SagaState = SagaState> = {
  [K in S]: { state: K; context: Contexts[K] }
}[S]
export type Saga<S extends SagaState = SagaState> = SagaPosition<S> & { orderId: OrderId }
