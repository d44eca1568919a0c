import type { SagaEvent } from '../saga/journal.ts'
import type { SagaInput } from '../saga/saga.ts'

/** The journal as the buyer may read it: what was tried and what came of it, in the words of the states, without internals. */
export function historyOf(order: { createdAt: Date }, events: readonly SagaEvent[]) {
  let isCancelWished = false
  const entries = events.map(({ at, moment, step, result, input, state }) => {
    if (input?.type === 'CANCEL_REQUESTED') isCancelWished = true
    const detail = input && detailOf(input, isCancelWished && state === 'AWAITING_TICKETS')
    return { at, step, result: moment === 'INTENT' ? 'STARTED' : (result ?? 'DONE'), ...(detail && { detail }) }
  })
  return [{ at: order.createdAt, step: 'ORDER', result: 'CREATED' }, ...entries]
}

function detailOf(input: SagaInput, isPaidInstead: boolean): string | undefined {
  switch (input.type) {
    case 'REFUSED':
    case 'DECLINED':
      return input.failure.message
    case 'CHARGED':
      return isPaidInstead ? 'the cancellation came too late: the money had been taken' : undefined
    case 'TICKETS_REJECTED':
      return input.reason
    case 'TICKETS_ISSUED':
      return input.tickets.map(({ ticketNumber }) => ticketNumber).join(', ')
    case 'REFUND_REQUESTED':
      return input.refund.reason
    case 'WITHDRAWAL_REFUSED':
      return input.code
    default:
      return undefined
  }
}
