import {
  type EventId,
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
import { PermanentFailure, type Tx } from '@boxoffice/service-kit'
import { UnexpectedInput } from './advance.ts'
import type { ApplyAll } from './apply.ts'
import { issuedTicket, type SagaInput } from './input.ts'
import { findSagasForUpdate } from './saga-repository.ts'

interface Deps {
  applyAll: ApplyAll
  saveCancelledEvent: (tx: Tx, eventId: EventId) => Promise<void>
}

/** The input of a message of the ticket service about an order. */
interface ReceivedInput {
  readonly orderId: OrderId
  readonly input: SagaInput
  readonly origin: MessageOrigin
}

/** Translates messages of the ticket and event services into inputs of the saga. */
export const sagaSubscribers = ({ applyAll, saveCancelledEvent }: Deps): readonly Subscriber<Tx>[] => [
  on(ticketsGenerated, (tx, message) => moveAll(applyAll, tx, [receivedInputOf(message)])),
  on(ticketsRejected, (tx, message) => moveAll(applyAll, tx, [receivedInputOf(message)])),
  on(eventCancelled, (tx, { payload: { eventId } }) => saveCancelledEvent(tx, eventId)),
]

/** Handles the messages of one receive: those about orders move their sagas together, after all others. */
export function handleTogether({
  applyAll,
  saveCancelledEvent,
}: Deps): NonNullable<ConsumerOptions<Tx>['together']> {
  return async (tx, messages, within) => {
    const inputs: ReceivedInput[] = []
    for (const message of messages) {
      if (message.eventType === eventCancelled.eventType) {
        const { eventId } = (message as Message<typeof eventCancelled>).payload
        await within(message, () => saveCancelledEvent(tx, eventId))
      } else inputs.push(within(message, () => receivedInputOf(message as never)))
    }
    await moveAll(applyAll, tx, inputs)
  }
}

const receivedInputOf = (
  message: Message<typeof ticketsGenerated> | Message<typeof ticketsRejected>,
): ReceivedInput => ({
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

/**
 * Moves sagas, in several passes if an order has several messages. Rejects with PermanentFailure if a saga
 * does not expect an input: no later attempt can succeed.
 */
async function moveAll(applyAll: ApplyAll, tx: Tx, inputs: readonly ReceivedInput[]): Promise<void> {
  let waiting = inputs
  while (waiting.length > 0) {
    const next = new Map(waiting.toReversed().map((one) => [one.orderId, one]))
    const sagas = await findSagasForUpdate(tx, [...next.keys()])
    const moves = [...next.values()].map(({ orderId, ...one }) => {
      const saga = sagas.get(orderId)
      if (!saga) throw new Error(`order ${orderId} has no saga`)
      return { saga, ...one }
    })
    const applied = await applyAll(tx, moves)
    for (const [index, { saga, input }] of moves.entries()) {
      const done = applied[index]
      if (done?.applied !== false || done.why !== 'unexpected') continue
      throw new PermanentFailure(
        `order ${saga.orderId}: ${new UnexpectedInput(saga.state, input.type).message}`,
      )
    }
    waiting = waiting.filter((one) => next.get(one.orderId) !== one)
  }
}
