import type { Minor, OrderStatus, PaymentStatus, RefundId, SagaState, TicketId } from '@boxoffice/contracts'
import type { InputOf, InputType } from './input.ts'
import type {
  Contexts,
  Failure,
  IssuedTicket,
  Item,
  RefundRequest,
  SagaPosition,
  WithdrawnTicket,
} from './saga.ts'

/** Effects of a transition besides the next state. The applier writes all of it in one commit. */
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
    /** The order failed before a charge: PAYMENT_FAILED, for buyers who were answered before that. */
    | 'ORDER_FAILED'
    | 'ORDER_CONFIRMED'
    | 'REFUND_PROCESSED'
    | 'ORDER_CANCELLED'
    | 'ORDER_STATUS_CHANGED'
  )[]
}
/** Changes of a refund's own row. */
export interface RefundEffects {
  opened?: RefundRequest & { amount?: Minor }
  withdrawn?: { refundId: RefundId; amount: Minor; tickets: WithdrawnTicket[] }
  completed?: CompletedRefund[]
  failed?: { refundId: RefundId; reason: string; ticketIds: TicketId[] }
}
/** Without the gateway's id if there was nothing to pay back. */
export interface CompletedRefund {
  refundId: RefundId
  reason: string
  amount: Minor
  gatewayRefundId?: string
  ticketIds?: TicketId[]
}
export type Transition = SagaPosition & { effects: Effects }

/** The state does not expect the input. */
export const UNEXPECTED = 'unexpected'

/** Returns what follows from an input; null if it is known already and changes nothing. */
export type Rule<C, I extends InputType> = (
  context: C,
  input: InputOf<I>,
) => Transition | null | typeof UNEXPECTED

export const go = <S extends SagaState>(state: S, context: Contexts[S], effects: Effects = {}): Transition =>
  ({ state, context, effects }) as Transition
