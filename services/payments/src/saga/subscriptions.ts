import {
  eventCancelled,
  type Message,
  type OrderId,
  ticketsGenerated,
  ticketsRejected,
} from '@boxoffice/contracts'
import {
  type ConsumerOptions,
  currentOrigin,
  type MessageOrigin,
  on,
  type Subscriber,
} from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import { rememberCancelledEvent } from '../event-refunds/cancelled-event-repository.ts'
import type { ApplyAll } from './apply.ts'
import { issuedTicket, type SagaInput } from './saga.ts'
import { findSagasForUpdate } from './saga-repository.ts'

/** What the ticket service says of an order. */
interface Word {
  readonly orderId: OrderId
  readonly input: SagaInput
  readonly origin: MessageOrigin
}

/** What the ticket and event services tell: translated into inputs of the saga. */
export const sagaSubscribers = (applyAll: ApplyAll): readonly Subscriber<Tx>[] => [
  on(ticketsGenerated, (tx, message) => hear(applyAll, tx, [wordOf(message)])),
  on(ticketsRejected, (tx, message) => hear(applyAll, tx, [wordOf(message)])),
  on(eventCancelled, (tx, { payload: { eventId } }) => rememberCancelledEvent(tx, eventId)),
]

/** Messages of one receive: what is said of orders moves their sagas together, after all else. */
export function takeTogether(applyAll: ApplyAll): NonNullable<ConsumerOptions<Tx>['together']> {
  return async (tx, messages, within) => {
    const words: Word[] = []
    for (const message of messages) {
      if (message.eventType === eventCancelled.eventType) {
        const { eventId } = (message as Message<typeof eventCancelled>).payload
        await within(message, () => rememberCancelledEvent(tx, eventId))
      } else words.push(within(message, () => wordOf(message as never)))
    }
    await hear(applyAll, tx, words)
  }
}

const wordOf = (message: Message<typeof ticketsGenerated> | Message<typeof ticketsRejected>): Word => ({
  orderId: message.payload.orderId,
  input: inputOf(message),
  origin: currentOrigin(),
})

function inputOf({ payload }: Message<typeof ticketsGenerated> | Message<typeof ticketsRejected>): SagaInput {
  if (!('tickets' in payload))
    return { type: 'TICKETS_REJECTED', reason: payload.reason, detail: payload.detail }
  const { part, parts, tickets } = payload
  return { type: 'TICKETS_ISSUED', part, parts, tickets: tickets.map(issuedTicket) }
}

/** Of an order that is spoken of several times, in parts, its saga moves as often. */
async function hear(applyAll: ApplyAll, tx: Tx, words: readonly Word[]): Promise<void> {
  let waiting = words
  while (waiting.length > 0) {
    const next = new Map(waiting.toReversed().map((word) => [word.orderId, word]))
    const sagas = await findSagasForUpdate(tx, [...next.keys()])
    const moves = [...next.values()].map(({ orderId, ...word }) => {
      const saga = sagas.get(orderId)
      if (!saga) throw new Error(`there is no saga of order ${orderId}`)
      return { saga, ...word }
    })
    await applyAll(tx, moves)
    waiting = waiting.filter((word) => next.get(word.orderId) !== word)
  }
}
