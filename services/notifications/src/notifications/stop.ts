import type { Message, ticketsReinstated, ticketsStopped } from '@boxoffice/contracts'
import type { Wanted } from './notification.ts'
import { encodePayload, type PayloadOf } from './payloads.ts'

/** Tickets that were stopped: word to who holds them. */
export const stoppedOf = ({
  payload: { reason, ...payload },
  ...message
}: Message<typeof ticketsStopped>): Wanted =>
  toHolder(message, payload, { ...payload, state: 'STOPPED', reason })

/** Tickets that are valid again. */
export const reinstatedOf = ({ payload, ...message }: Message<typeof ticketsReinstated>): Wanted =>
  toHolder(message, payload, { ...payload, state: 'REINSTATED' })

// No order: it is the buyer's, who may be somebody else.
const toHolder = (
  { messageId, correlationId }: { messageId: string; correlationId: string },
  { userId, eventId }: Pick<Message<typeof ticketsStopped>['payload'], 'userId' | 'eventId'>,
  payload: PayloadOf<'TICKETS_STOPPED'>,
): Wanted => ({
  ...{ messageId, correlationId, eventId },
  type: 'TICKETS_STOPPED',
  recipientId: userId,
  payload: encodePayload('TICKETS_STOPPED', payload),
})
