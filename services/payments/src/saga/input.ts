import type { Currency, EventId, Minor, RefundId, TicketId } from '@boxoffice/contracts'
import type { Failure, IssuedTicket, Item, RefundRequest, WithdrawnTicket } from './saga.ts'

/** Inputs of the saga. All of it is JSON: the journal stores and replays it. */
export type SagaInput =
  | { type: 'BEGIN' }
  /** A cancellation is queued and has precedence from now on. */
  | { type: 'CANCEL_ANNOUNCED' }
  | {
      type: 'RESERVED'
      at: string
      eventId: EventId
      items: Item[]
      total: Minor
      currency: Currency
      eventCancelled: boolean
      /** The tickets have a price, and the buyer gave no payment token. */
      tokenMissing?: true
    }
  | { type: 'REFUSED'; failure: Failure }
  /**
   * `asOf`: the order's version when the name was given; `queued`: it has waited since and may be outdated.
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
  /** All tickets, or part number `part` of `parts`. */
  | { type: 'TICKETS_ISSUED'; tickets: IssuedTicket[]; part?: number; parts?: number }
  | { type: 'TICKETS_REJECTED'; reason: string; detail?: string }
  /** The ticket service has answered with errors for too long. */
  | { type: 'ISSUE_GIVEN_UP'; detail: string }
  | { type: 'TICKETS_CANCELLED' }
  | { type: 'REFUND_REQUESTED'; refund: RefundRequest }
  | { type: 'TICKETS_WITHDRAWN'; at: string; tickets: WithdrawnTicket[] }
  | { type: 'WITHDRAWAL_REFUSED'; code: string; ticketIds: TicketId[] }
  | { type: 'REFUND_DONE'; gatewayRefundId: string }
  /** A refund was made at the gateway by hand; `refundId` is the id that we give it. */
  | { type: 'REFUNDED_ELSEWHERE'; refundId: RefundId; gatewayRefundId: string; amount: Minor }

export type InputType = SagaInput['type']
type Inputs = { [Input in SagaInput as Input['type']]: Input }
export type InputOf<I extends InputType> = Inputs[I]

/** Inputs that a buyer, an organizer or a command requests; a state that does not name one refuses it. */
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

/** A ticket as stored by the saga and its journal. */
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
