import type { OrderStep } from '@boxoffice/contracts'
import type { SagaInput } from '../saga/input.ts'
import type { SagaEvent } from '../saga/journal.ts'

/** Describes the journal for the buyer: what was tried and what happened, without internals. */
export function historyOf(order: { createdAt: Date }, events: readonly SagaEvent[]): OrderStep[] {
  return [beginningOf(order), ...events.map(createDescriber())]
}

export const beginningOf = ({ createdAt }: { createdAt: Date }): OrderStep => ({
  at: createdAt,
  step: 'ORDER',
  result: 'CREATED',
})

/** Creates a function that describes the events of one order, in their order: some depend on earlier ones. */
export function createDescriber(): (event: SagaEvent) => OrderStep {
  let isCancelRequested = false
  return ({ at, moment, step, result, input, detail: noted, state }) => {
    if (input?.type === 'CANCEL_REQUESTED') isCancelRequested = true
    const detail = input ? detailOf(input, isCancelRequested && state === 'AWAITING_TICKETS') : whyOf(noted)
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
/** Lists ticket numbers; for many tickets, only how many. */
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
