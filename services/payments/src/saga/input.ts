import type { Currency, EventId, Minor, RefundId, TicketId } from '@boxoffice/contracts'
import type { Failure, IssuedTicket, Item, RefundRequest, WithdrawnTicket } from './saga.ts'

/** What happened, as the table takes it. All of it is JSON: the journal keeps it, and replays it. */
export type SagaInput =
  | { type: 'BEGIN' }
  /** The request to cancel stands in the queue; it is the buyer's from now on. */
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
   * `asOf`: the order's version when the name was given; `queued`: it has waited since, and may be the older
   * one.
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
  /** A refund was made at the gateway by hand; `refundId` is what we call it. */
  | { type: 'REFUNDED_ELSEWHERE'; refundId: RefundId; gatewayRefundId: string; amount: Minor }

export type InputType = SagaInput['type']
type Inputs = { [Input in SagaInput as Input['type']]: Input }
export type InputOf<I extends InputType> = Inputs[I]

/** What a buyer, an organizer or a command requests: a state that does not name it refuses it. */
export const requestTypes = [
  'BEGIN',
  'CANCEL_ANNOUNCED',
  'CANCEL_REQUESTED',
  'HOLDER_NAMED',
  'REFUND_REQUESTED',
] as const satisfies InputType[]
export type RequestType = (typeof requestTypes)[number]
export const isRequest = (type: InputType): type is RequestType =>
  (requestTypes as readonly InputType[]).includes(type)

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
