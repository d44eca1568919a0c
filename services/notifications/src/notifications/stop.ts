import type { Message, ticketsReinstated, ticketsStopped } from '@boxoffice/contracts'
import type { NotificationDraft } from './notification.ts'
import { encodePayload, type PayloadOf } from './payloads.ts'

/** The notification of stopped tickets, to their holder. */
export const stoppedOf = ({
  payload: { reason, ...payload },
  ...message
}: Message<typeof ticketsStopped>): NotificationDraft =>
  toHolder(message, payload, { ...payload, state: 'STOPPED', reason })

/** The notification of reinstated tickets. */
export const reinstatedOf = ({ payload, ...message }: Message<typeof ticketsReinstated>): NotificationDraft =>
  toHolder(message, payload, { ...payload, state: 'REINSTATED' })

// Without the order, which belongs to the buyer, perhaps another person.
const toHolder = (
  { messageId, correlationId }: { messageId: string; correlationId: string },
  { userId, eventId }: Pick<Message<typeof ticketsStopped>['payload'], 'userId' | 'eventId'>,
  payload: PayloadOf<'TICKETS_STOPPED'>,
): NotificationDraft => ({
  ...{ messageId, correlationId, eventId },
  type: 'TICKETS_STOPPED',
  recipientId: userId,
  payload: encodePayload('TICKETS_STOPPED', payload),
})
