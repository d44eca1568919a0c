import {
  type Currency,
  type EventId,
  eventCancelled,
  eventCreated,
  eventDeleted,
  eventPublished,
  eventUpdated,
  type Message,
  type MessageDefinition,
  type OrderId,
  type Payload,
  paymentCompleted,
  paymentFailed,
  type ReservationId,
  refundProcessed,
  reservationReleased,
  type TicketTypeId,
  ticketCancelled,
  ticketCheckedIn,
  ticketsGenerated,
  ticketTransferred,
  ticketTypeChanged,
} from '@boxoffice/contracts'
import type { ReservationFacts } from './counters.ts'
import {
  joinFacts,
  joinOrders,
  type OrderFacts,
  type OrderReplica,
  type TicketFacts,
  unknownTicket,
} from './order-facts.ts'
import type { PaymentFacts } from './payments.ts'

type Offer = Payload<typeof ticketTypeChanged>
/**
 * The state in the message with the highest version; of two messages with one version, always the same one.
 */
export type Versioned<P> = P & { readonly version: number; readonly messageId: string }

/** The state of an event; of a deleted draft, only its organizer. */
export type EventFacts =
  | (Payload<typeof eventCreated> & { readonly deleted: false })
  | (Payload<typeof eventDeleted> & { readonly deleted: true })

/** The facts in a number of messages. */
export interface Facts {
  readonly orders: Map<OrderId, OrderReplica>
  readonly reservations: Map<ReservationId, ReservationFacts>
  readonly payments: Map<OrderId, PaymentFacts>
  readonly types: Map<TicketTypeId, Versioned<Offer>>
  readonly events: Map<EventId, Versioned<EventFacts>>
  /** The events that they are about, and the newest message of each. */
  readonly about: Map<EventId, { asOf: Date; currency: Currency | null }>
}

export const noFacts = (): Facts => ({
  orders: new Map(),
  reservations: new Map(),
  payments: new Map(),
  types: new Map(),
  events: new Map(),
  about: new Map(),
})

/** Adds the facts of one message. */
type Recorder<D extends MessageDefinition> = (facts: Facts, message: Message<D>) => void
const records = <D extends MessageDefinition>(definition: D, record: Recorder<D>) => ({
  definition,
  record: record as Recorder<MessageDefinition>,
})

const recorders: readonly { definition: MessageDefinition; record: Recorder<MessageDefinition> }[] = [
  records(ticketsGenerated, (facts, { timestamp, payload }) => {
    const { eventId, venueId, userId, reservationId } = payload
    addOrder(
      facts,
      payload,
      payload.tickets.map(({ ticketId, ticketTypeId, seat, unitPrice, currency, createdAt }) => ({
        ...{ ticketId, ticketTypeId, userId, venueId, priceMinor: unitPrice, currency, ...seat },
        ...{ createdOn: createdAt ?? timestamp, issuedAt: timestamp },
      })),
      { venueId, issuedAt: timestamp },
    )
    addReservation(facts, { reservationId, eventId, convertedAt: timestamp, releasedAt: null })
    const currency = payload.tickets[0]?.currency ?? null
    addAbout(facts, eventId, timestamp, currency)
  }),
  records(ticketCancelled, (facts, { timestamp, payload }) => {
    const { ticketId, ticketTypeId } = payload
    addOrder(facts, payload, [{ ticketId, ticketTypeId, cancelledAt: timestamp }])
    addAbout(facts, payload.eventId, timestamp)
  }),
  records(ticketTransferred, (facts, { timestamp, payload }) => {
    const { ticketId, ticketTypeId, newTicketId, recipientId } = payload
    addOrder(facts, payload, [
      { ticketId, ticketTypeId, nextTicketId: newTicketId },
      { ticketId: newTicketId, ticketTypeId, userId: recipientId },
    ])
    addAbout(facts, payload.eventId, timestamp)
  }),
  records(ticketCheckedIn, (facts, { timestamp, payload }) => {
    const { ticketId, ticketTypeId, checkedInAt } = payload
    addOrder(facts, payload, [{ ticketId, ticketTypeId, checkedInAt }])
    addAbout(facts, payload.eventId, timestamp)
  }),
  records(refundProcessed, (facts, { timestamp, payload }) => {
    const { orderId, refundId, refundAmount, ticketIds = [] } = payload
    const refund = { refundId, orderId, amountMinor: refundAmount, refundedAt: timestamp }
    addOrder(
      facts,
      payload,
      ticketIds.map((ticketId) => ({ ticketId, refundedAt: timestamp })),
      {},
      refund,
    )
    addAbout(facts, payload.eventId, timestamp)
  }),
  records(paymentCompleted, (facts, { timestamp, payload }) => {
    const { orderId, eventId, totalAmount, currency } = payload
    const unfailed = { failedAt: null, failureReason: null }
    addPayment(facts, { orderId, eventId, completedAt: timestamp, ...unfailed, amountMinor: totalAmount })
    addAbout(facts, eventId, timestamp, currency)
  }),
  records(paymentFailed, (facts, { timestamp, payload }) => {
    const { orderId, eventId, failureReason, totalAmount, currency } = payload
    addPayment(facts, {
      orderId,
      eventId,
      completedAt: null,
      failedAt: timestamp,
      failureReason,
      amountMinor: totalAmount,
    })
    addAbout(facts, eventId, timestamp, currency)
  }),
  records(reservationReleased, (facts, { timestamp, payload }) => {
    const { reservationId, eventId, releasedAt } = payload
    addReservation(facts, { reservationId, eventId, convertedAt: null, releasedAt })
    addAbout(facts, eventId, timestamp)
  }),
  records(ticketTypeChanged, (facts, message) => {
    const { payload } = message
    addNewer(facts.types, payload.ticketTypeId, message)
    addAbout(facts, payload.eventId, message.timestamp, payload.currency)
  }),
  ...[eventCreated, eventUpdated, eventPublished, eventCancelled].map((definition) =>
    records(definition as typeof eventCreated, (facts, message) => {
      addNewer(facts.events, message.payload.eventId, {
        ...message,
        payload: { ...message.payload, deleted: false },
      })
      addAbout(facts, message.payload.eventId, message.timestamp)
    }),
  ),
  records(eventDeleted, (facts, message) => {
    addNewer(facts.events, message.payload.eventId, {
      ...message,
      payload: { ...message.payload, deleted: true },
    })
    addAbout(facts, message.payload.eventId, message.timestamp)
  }),
]
const recordersByType = new Map<string, (typeof recorders)[number]>(
  recorders.map((recorder) => [recorder.definition.eventType, recorder]),
)

/** The messages that the projection consumes. */
export const projected: readonly MessageDefinition[] = recorders.map(({ definition }) => definition)
/** Returns the definition of a consumed message; null for any other. */
export const findProjected = (eventType: string): MessageDefinition | null =>
  recordersByType.get(eventType)?.definition ?? null

/** Joins the facts of messages, whatever their order and repetitions. */
export function factsOf(messages: readonly Message<MessageDefinition>[]): Facts {
  const facts = noFacts()
  for (const message of messages) {
    const recorder = recordersByType.get(message.eventType)
    if (!recorder) throw new Error(`${message.eventType} is not consumed by the projection`)
    recorder.record(facts, message)
  }
  return facts
}

function addOrder(
  { orders }: Facts,
  of: Pick<OrderFacts, 'orderId' | 'eventId'>,
  tickets: readonly (Partial<TicketFacts> & Pick<TicketFacts, 'ticketId'>)[],
  known: Partial<OrderFacts> = {},
  refund?: OrderReplica['refunds'] extends ReadonlyMap<unknown, infer R> ? R : never,
): void {
  const { orderId, eventId } = of
  const replica: OrderReplica = {
    order: { orderId, eventId, venueId: null, issuedAt: null, ...known },
    tickets: new Map(
      tickets.map((ticket) => [ticket.ticketId, { ...unknownTicket(ticket.ticketId, of), ...ticket }]),
    ),
    refunds: new Map(refund ? [[refund.refundId, refund]] : []),
  }
  const there = orders.get(orderId)
  orders.set(orderId, there ? joinOrders(there, replica) : replica)
}

function addReservation({ reservations }: Facts, reservation: ReservationFacts): void {
  const there = reservations.get(reservation.reservationId)
  reservations.set(reservation.reservationId, there ? joinFacts(there, reservation) : reservation)
}

function addPayment({ payments }: Facts, payment: PaymentFacts): void {
  const there = payments.get(payment.orderId)
  payments.set(payment.orderId, there ? joinFacts(there, payment) : payment)
}

function addNewer<K, P extends object>(
  all: Map<K, Versioned<P>>,
  id: K,
  { payload, aggregateVersion, messageId }: { payload: P; aggregateVersion: number; messageId: string },
): void {
  const there = all.get(id)
  const isNewer =
    !there ||
    aggregateVersion > there.version ||
    (aggregateVersion === there.version && messageId > there.messageId)
  if (isNewer) all.set(id, { ...payload, version: aggregateVersion, messageId })
}

function addAbout({ about }: Facts, eventId: EventId, at: Date, currency: Currency | null = null): void {
  const there = about.get(eventId) ?? { asOf: at, currency: null }
  about.set(eventId, {
    asOf: at > there.asOf ? at : there.asOf,
    currency: joinFacts({ currency: there.currency }, { currency }).currency,
  })
}
