import type { Minor, OrderStatus, PaymentStatus, RefundId, TicketId } from '@boxoffice/contracts'
import type {
  Failure,
  IssuedTicket,
  Item,
  RefundRequest,
  SagaContext,
  SagaInput,
  SagaState,
  WithdrawnTicket,
} from './saga.ts'

/** What a transition does beside moving on. The applier writes all of it in one commit. */
export interface Effects {
  order?: {
    status?: OrderStatus
    paymentStatus?: PaymentStatus
    completed?: boolean
    refunded?: Minor
    failure?: Failure
    holderName?: string
  }
  items?: Item[]
  tickets?: IssuedTicket[]
  charge?: { transactionId: string }
  refund?: RefundEffects
  messages?: (
    | 'ORDER_CREATED'
    | 'PAYMENT_COMPLETED'
    | 'PAYMENT_FAILED'
    /** It came to nothing before a charge: PAYMENT_FAILED, to buyers who were answered before that. */
    | 'ORDER_FAILED'
    | 'ORDER_CONFIRMED'
    | 'REFUND_PROCESSED'
    | 'ORDER_CANCELLED'
    | 'ORDER_STATUS_CHANGED'
  )[]
}
/** What becomes of a refund's own row, by the part that is there. */
export interface RefundEffects {
  opened?: RefundRequest & { amount?: Minor }
  withdrawn?: { refundId: RefundId; amount: Minor; tickets: WithdrawnTicket[] }
  settled?: SettledRefund[]
  failed?: { refundId: RefundId; reason: string; ticketIds: TicketId[] }
}
/** Without the gateway's id where nothing had to go back. */
export interface SettledRefund {
  refundId: RefundId
  reason: string
  amount: Minor
  gatewayRefundId?: string
  ticketIds?: TicketId[]
}
export interface Transition {
  state: SagaState
  context: SagaContext
  effects: Effects
}

type InputType = SagaInput['type']
export type Rule<I extends InputType> = (
  context: SagaContext,
  input: Extract<SagaInput, { type: I }>,
) => Transition | null
export type Row = { [I in InputType]?: Rule<I> }

export const go = (state: SagaState, context: SagaContext, effects: Effects = {}): Transition => ({
  state,
  context,
  effects,
})
