import type { SagaState } from '@boxoffice/contracts'
import { refundOf } from './amounts.ts'
import type { InputType, RequestType, SagaInput } from './input.ts'
import { chargeKey, refundKey } from './keys.ts'
import type { Saga } from './saga.ts'
import { stepOf } from './states.ts'

export interface SagaEvent {
  at: Date
  moment: 'INTENT' | 'RESULT' | 'NOTE'
  step: string
  result: string | null
  input: SagaInput | null
  detail: Record<string, unknown> | null
  state: SagaState
}

/** Journal names of inputs that do not belong to the step in progress. */
const names: { readonly [I in Exclude<RequestType, 'BEGIN'> | 'REFUNDED_ELSEWHERE']: string } = {
  HOLDER_NAMED: 'HOLDER_NAME',
  CANCEL_ANNOUNCED: 'CANCEL',
  CANCEL_REQUESTED: 'CANCEL',
  REFUND_REQUESTED: 'REFUND',
  REFUNDED_ELSEWHERE: 'REFUND',
}
/** Returns the journal's name for an input. */
export const nameOf = (state: SagaState, { type }: { type: InputType }): string =>
  type in names ? names[type as keyof typeof names] : (stepOf(state) ?? 'CHARGE')

/** Returns the intent to journal: what is to be done next. */
export const intentOf = (saga: Saga) => ({ step: stepOf(saga.state) ?? '', detail: intentDetail(saga) })

/** The key and parameters of the next call: all that another worker needs to repeat it. */
function intentDetail({ state, orderId, context }: Saga): Record<string, unknown> {
  const { reservationId, total, currency, transactionId } = context
  const { refundId, amount, ticketIds, reason } = refundOf(context)
  if (state === 'WITHDRAWING_TICKETS') return { refundId, reason, ticketIds }
  switch (stepOf(state)) {
    case 'CHARGE':
      return { key: chargeKey(orderId), amount: total, currency }
    case 'REFUND':
      return { key: refundKey(orderId, context), refundId, transactionId, amount, currency }
    default:
      return { reservationId }
  }
}
