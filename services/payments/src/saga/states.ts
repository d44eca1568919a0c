import type { SagaState } from '@boxoffice/contracts'
import { charge, chargeAgain, endCharge, lookUpLateCharge } from './charge-calls.ts'
import { type Declaration, type Step, state, type Table } from './declare.ts'
import * as elsewhere from './elsewhere-rules.ts'
import type { InputType } from './input.ts'
import * as buy from './purchase-rules.ts'
import { refundAll, repay } from './refund-calls.ts'
import * as refund from './refund-rules.ts'
import { begin, cancelTickets, confirm, release, reserve, withdrawTickets } from './ticket-calls.ts'

/** The gateway reports a charge by its answer and by a webhook, in any order. */
const chargeReports = ['CHARGED', 'DECLINED'] as const satisfies InputType[]
/** The ticket service reports by its answer and by messages, each possibly twice. */
const ticketReports = ['TICKETS_ISSUED', 'TICKETS_REJECTED'] as const satisfies InputType[]
const lateReports = [...chargeReports, ...ticketReports]

/** Purchase and refund in one table: for each state, the call of its step and the rule for every input. */
export const states = {
  QUEUED: state({
    step: 'QUEUE',
    call: begin,
    answers: { BEGIN: buy.begin },
    requests: {
      CANCEL_ANNOUNCED: buy.cancelAnnounced,
      CANCEL_REQUESTED: buy.cancelQueued,
      HOLDER_NAMED: buy.holderNamed('QUEUED'),
    },
  }),
  RESERVING: state({
    step: 'RESERVE',
    call: reserve,
    crash: { before: 'saga.reserve.before-call', after: 'saga.reserve.after-call' },
    answers: { RESERVED: buy.reserved, REFUSED: buy.refused, LIMIT_PASSED: buy.notReserved },
    requests: { CANCEL_REQUESTED: buy.cancelHeld, HOLDER_NAMED: buy.holderNamed('RESERVING') },
  }),
  CHARGING: state({
    step: 'CHARGE',
    call: charge,
    crash: { before: 'saga.charge.before-call', after: 'saga.charge.after-call' },
    answers: {
      CHARGED: buy.charged,
      DECLINED: buy.declined,
      EVENT_CANCELLED: buy.cancelledBeforeCharge,
      CHARGE_UNKNOWN: buy.unknown,
      LIMIT_PASSED: buy.chargeTookTooLong,
    },
    requests: { CANCEL_REQUESTED: buy.cancelCharge, HOLDER_NAMED: buy.holderNamed('CHARGING') },
  }),
  RESOLVING: state({
    step: 'CHARGE',
    call: chargeAgain,
    crash: { before: 'saga.charge.before-call', after: 'saga.charge.after-call' },
    answers: {
      CHARGED: buy.charged,
      DECLINED: buy.declined,
      NOT_CHARGED: buy.neverCharged,
      LIMIT_PASSED: buy.resolvingTookTooLong,
    },
    requests: { CANCEL_REQUESTED: buy.cancelCharge, HOLDER_NAMED: buy.holderNamed('RESOLVING') },
  }),
  CANCELLING_CHARGE: state({
    step: 'CHARGE',
    call: endCharge,
    answers: {
      CHARGED: buy.charged,
      DECLINED: buy.endDeclined,
      NOT_CHARGED: buy.endNotCharged,
      GATEWAY_UNREACHABLE: buy.endUnreachable,
    },
    requests: {
      CANCEL_REQUESTED: buy.cancelEndingCharge,
      HOLDER_NAMED: buy.holderNamed('CANCELLING_CHARGE'),
    },
  }),
  RELEASING: state({
    step: 'RELEASE',
    call: release,
    mustSucceed: 'always',
    crash: { after: 'saga.release.after-call' },
    answers: { RELEASED: buy.released },
    reports: { CHARGED: buy.chargedLate },
    late: ['DECLINED'],
  }),
  REFUND_IF_CHARGED: state({
    step: 'CHARGE',
    call: lookUpLateCharge,
    isUnwatched: true,
    answers: {
      CHARGED: refund.lateMoney,
      NOT_CHARGED: (context) => refund.endFailedOrCancelled(context),
      DECLINED: (context) => refund.endFailedOrCancelled(context),
    },
  }),
  AWAITING_TICKETS: state({
    step: 'ISSUE',
    call: confirm,
    delay: 'ticketsPatienceMs',
    mustSucceed: 'when answered',
    outcome: 'paid',
    crash: { arrival: 'saga.paid' },
    answers: { TICKETS_ISSUED: buy.issued, TICKETS_REJECTED: buy.rejected },
    requests: { REFUND_REQUESTED: refund.refundRequested },
    reports: {
      EVENT_CANCELLED: buy.cancelledWhilePaid,
      ISSUE_GIVEN_UP: buy.givenUp,
      REFUNDED_ELSEWHERE: elsewhere.whenAwaiting,
    },
    late: chargeReports,
  }),
  CANCELLING_TICKETS: state({
    step: 'CANCEL_TICKETS',
    call: cancelTickets,
    mustSucceed: 'always',
    answers: { TICKETS_CANCELLED: refund.ticketsCancelled },
    reports: { REFUNDED_ELSEWHERE: elsewhere.whenCancelling },
    late: lateReports,
  }),
  REFUNDING: state({
    step: 'REFUND',
    call: refundAll,
    mustSucceed: 'always',
    crash: { after: 'saga.refund.after-call' },
    answers: { REFUND_DONE: refund.refundingDone, REFUNDED_ELSEWHERE: elsewhere.whenRefunding },
    late: lateReports,
  }),
  CONFIRMED: {
    outcome: 'confirmed',
    outcomeFrom: 'AWAITING_TICKETS',
    requests: { REFUND_REQUESTED: refund.refundRequested },
    reports: { REFUNDED_ELSEWHERE: elsewhere.whenConfirmed },
    late: [...chargeReports, 'TICKETS_ISSUED'],
  },
  WITHDRAWING_TICKETS: state({
    step: 'CANCEL_TICKETS',
    call: withdrawTickets,
    mustSucceed: 'always',
    crash: { after: 'refund.after-cancel' },
    answers: { TICKETS_WITHDRAWN: refund.ticketsWithdrawn, WITHDRAWAL_REFUSED: refund.withdrawalRefused },
    reports: { REFUNDED_ELSEWHERE: elsewhere.whenWithdrawing },
    late: lateReports,
  }),
  REPAYING: state({
    step: 'REFUND',
    call: repay,
    mustSucceed: 'always',
    crash: { after: 'refund.after-gateway', commit: 'refund.before-commit' },
    answers: { REFUND_DONE: refund.repaid, REFUNDED_ELSEWHERE: elsewhere.whenRepaying },
    late: lateReports,
  }),
  // Late charges: already booked, unless the order ended before we learned of one.
  FAILED: {
    outcome: 'failed',
    reports: { CHARGED: refund.lateMoney },
    late: ['DECLINED', 'REFUNDED_ELSEWHERE'],
  },
  CANCELLED: {
    outcome: 'cancelled',
    reports: { CHARGED: refund.lateMoney },
    late: ['DECLINED', 'REFUNDED_ELSEWHERE'],
  },
  REFUNDED: { outcome: 'refunded', late: [...lateReports, 'REFUNDED_ELSEWHERE'] },
} as const satisfies Table

/** Returns the declaration of a state. */
export const declarationOf = (state: SagaState): Declaration => states[state] as Declaration
/** Returns the step of a state in progress; null for a terminal state. */
export const stepOf = (state: SagaState): Step | null => declarationOf(state).step ?? null
export const isTerminal = (state: SagaState): boolean => stepOf(state) === null
