import type { SagaInput } from '../saga/saga.ts'
import type { SagaEvent } from '../saga/saga-repository.ts'

/** The journal as the buyer may read it: what was tried and what came of it, in the words of the states, without internals. */
export function historyOf(order: { createdAt: Date }, events: readonly SagaEvent[]) {
  const entries = events.map(({ at, moment, step, result, input }) => ({
    at,
    step,
    result: moment === 'INTENT' ? 'STARTED' : (result ?? 'DONE'),
    ...(input && detailOf(input)),
  }))
  return [{ at: order.createdAt, step: 'ORDER', result: 'CREATED' }, ...entries]
}

function detailOf(input: SagaInput): { detail?: string } {
  switch (input.type) {
    case 'REFUSED':
    case 'DECLINED':
      return { detail: input.failure.message }
    case 'TICKETS_REJECTED':
      return { detail: input.reason }
    case 'TICKETS_ISSUED':
      return { detail: input.tickets.map(({ ticketNumber }) => ticketNumber).join(', ') }
    default:
      return {}
  }
}
