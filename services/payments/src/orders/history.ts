import type { OrderStep } from '@boxoffice/contracts'
import type { SagaEvent } from '../saga/journal.ts'
import type { SagaInput } from '../saga/saga.ts'

/**
 * The journal as the buyer may read it: what was tried and what came of it, in the words of the states,
 * without internals.
 */
export function historyOf(order: { createdAt: Date }, events: readonly SagaEvent[]): OrderStep[] {
  return [beginningOf(order), ...events.map(createTeller())]
}

export const beginningOf = ({ createdAt }: { createdAt: Date }): OrderStep => ({
  at: createdAt,
  step: 'ORDER',
  result: 'CREATED',
})

/**
 * Puts the events of one order into words, in their order: what some of them mean depends on those before.
 */
export function createTeller(): (event: SagaEvent) => OrderStep {
  let isCancelWished = false
  return ({ at, moment, step, result, input, detail: noted, state }) => {
    if (input?.type === 'CANCEL_REQUESTED') isCancelWished = true
    const detail = input ? detailOf(input, isCancelWished && state === 'AWAITING_TICKETS') : whyOf(noted)
    return {
      at,
      step,
      result: moment === 'INTENT' ? 'STARTED' : (result ?? 'DONE'),
      ...(detail && { detail }),
    }
  }
}

const whyOf = (noted: SagaEvent['detail']): string | undefined =>
  typeof noted?.why === 'string' ? noted.why : undefined

const NUMBERS_MAX = 20
/** The tickets' numbers, of many how many they are. */
const numbersOf = (tickets: readonly { ticketNumber: string }[]) =>
  tickets.length > NUMBERS_MAX
    ? `${tickets.length} tickets`
    : tickets.map(({ ticketNumber }) => ticketNumber).join(', ')

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
      return numbersOf(input.tickets)
    case 'REFUND_REQUESTED':
      return input.refund.reason
    case 'WITHDRAWAL_REFUSED':
      return input.code
    default:
      return undefined
  }
}
