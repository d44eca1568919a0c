/** States of a purchase or refund in progress, in their order. */
export const sagaStatesInProgress = [
  'QUEUED',
  'RESERVING',
  'CHARGING',
  'RESOLVING',
  'CANCELLING_CHARGE',
  'RELEASING',
  'REFUND_IF_CHARGED',
  'AWAITING_TICKETS',
  'CANCELLING_TICKETS',
  'REFUNDING',
  'WITHDRAWING_TICKETS',
  'REPAYING',
] as const
/** Terminal states: CONFIRMED until a refund is requested, the others for good. */
export const sagaStatesTerminal = ['CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED'] as const

export type SagaStateInProgress = (typeof sagaStatesInProgress)[number]
export type SagaStateTerminal = (typeof sagaStatesTerminal)[number]
export type SagaState = SagaStateInProgress | SagaStateTerminal
