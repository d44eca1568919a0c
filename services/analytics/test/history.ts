import { createHash } from 'node:crypto'
import {
  eventCreated,
  eventDeleted,
  eventPublished,
  eventUpdated,
  type Message,
  type MessageDefinition,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
  reservationReleased,
  ticketCancelled,
  ticketCheckedIn,
  ticketsGenerated,
  ticketTransferred,
  ticketTypeChanged,
} from '@boxoffice/contracts'
import { z } from 'zod'

/** Numbers that look random and are the same for a seed. */
export function createDice(seed: number) {
  let thrown = 0
  const next = () => createHash('sha256').update(`${seed} ${thrown++}`).digest().readUInt32BE() / 2 ** 32
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    chance: (share: number) => next() < share,
    one: <T>(things: readonly T[]) => things[below(things.length)] as T,
    shuffled<T>(things: readonly T[]): T[] {
      const rest = [...things]
      return things.map(() => rest.splice(below(rest.length), 1)[0] as T)
    },
  }
}

/** An id that is the same for the same words. */
export function idOf(...words: (string | number)[]): string {
  const hash = createHash('sha256').update(words.join(' ')).digest('hex')
  const [first, second] = [hash.slice(0, 8), hash.slice(8, 12)]
  return `${first}-${second}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

const START = Date.parse('2026-11-28T20:00:00Z')
const MINUTE = 60_000

/** Messages as they would have travelled: encoded and read again by their schema. */
export function createPublisher(name: string) {
  let published = 0
  const messages: Message<MessageDefinition>[] = []
  return {
    messages,
    publish(
      definition: MessageDefinition,
      payload: object,
      options: { version?: number; minute?: number } = {},
    ) {
      published++
      const wire = {
        messageId: idOf(name, 'message', published),
        eventType: definition.eventType,
        version: '1.0',
        timestamp: new Date(START + (options.minute ?? published) * MINUTE).toISOString(),
        correlationId: 'history',
        aggregateVersion: options.version ?? 1,
        payload,
      }
      const message = z.decode(definition.schema as z.ZodType, wire) as Message<MessageDefinition>
      messages.push(message)
      return { message, wire, at: new Date(wire.timestamp) }
    },
  }
}
export type Publisher = ReturnType<typeof createPublisher>

/** Whose is what, for messages of one event; amounts in major units. */
export function eventIds(name: string) {
  const [eventId, organizerId, venueId] = [idOf(name, 'event'), idOf(name, 'organizer'), idOf(name, 'venue')]
  return {
    eventId,
    organizerId,
    venueId,
    typeIds: [idOf(name, 'type', 0), idOf(name, 'type', 1)] as [string, string],
  }
}

export const snapshot = (name: string, more: object = {}) => {
  const { eventId, organizerId, venueId } = eventIds(name)
  return {
    ...{ eventId, organizerId, venueId, name, venueName: 'Riverside Hall', venueAddress: 'Quay 1' },
    ...{ eventDate: '2026-12-24T19:00:00Z', timeZone: 'Europe/Warsaw', status: 'PUBLISHED', ...more },
  }
}

export const typeOf = (name: string, index: 0 | 1, more: object = {}) => ({
  ...{
    ticketTypeId: eventIds(name).typeIds[index],
    eventId: eventIds(name).eventId,
    name: index ? 'Balcony' : 'Standing',
  },
  ...{
    kind: 'GENERAL',
    unitPrice: index ? 12.5 : 50,
    currency: 'EUR',
    quantityTotal: 100,
    withdrawn: false,
    ...more,
  },
})

/** A purchase, as TICKETS_GENERATED tells of it. */
export function purchase(
  name: string,
  number: number,
  types: readonly (0 | 1)[],
  userId = idOf(name, 'buyer', number),
) {
  const { eventId, venueId, typeIds } = eventIds(name)
  const of = { orderId: idOf(name, 'order', number), userId, eventId }
  const tickets = types.map((type, index) => ({
    ticketId: idOf(name, 'ticket', number, index),
    ticketNumber: `TKT-2026-${number}${index}`,
    qrCode: 'http://127.0.0.1/q',
    ticketTypeId: typeIds[type],
    ticketTypeName: type ? 'Balcony' : 'Standing',
    ...(type === 1 && { seat: { zoneId: 1, rowLabel: 'A', colLabel: `${number}x${index}` } }),
    unitPrice: type ? 12.5 : 50,
    currency: 'EUR',
    holderName: 'Zofia Łącka',
  }))
  return {
    of,
    tickets,
    payload: { ...of, venueId, reservationId: idOf(name, 'reservation', number), tickets },
  }
}

/**
 * A history of two events in the order in which it happened: sales, refunds in part, transfers, check-ins,
 * holds let go, rejected orders.
 */
export function makeHistory(seed: number, orders: number): Message<MessageDefinition>[] {
  const dice = createDice(seed)
  const name = `history ${seed}`
  const publisher = createPublisher(name)
  for (const event of [`${name} a`, `${name} b`]) {
    publisher.publish(eventCreated, snapshot(event, { status: 'DRAFT' }), { version: 1 })
    publisher.publish(ticketTypeChanged, typeOf(event, 0), { version: 1 })
    publisher.publish(eventPublished, snapshot(event), { version: 2 })
    publisher.publish(ticketTypeChanged, typeOf(event, 1), { version: 1 })
  }
  const { eventId, organizerId } = eventIds(`${name} c`)
  publisher.publish(eventCreated, snapshot(`${name} c`, { status: 'DRAFT' }), { version: 1 })
  publisher.publish(eventDeleted, { eventId, organizerId }, { version: 2 })
  for (let number = 0; number < orders; number++) {
    const event = `${name} ${dice.one(['a', 'b'])}`
    const bought = purchase(event, number, dice.one([[0], [0, 0], [0, 1], [1, 1, 0]] as const))
    if (dice.chance(0.3)) publishReleased(publisher, event, number)
    if (dice.chance(0.25)) {
      publisher.publish(
        paymentFailed,
        failedPayment(bought, dice.one(['CARD_DECLINED', 'INSUFFICIENT_FUNDS', 'PAYMENT_TIMEOUT'])),
      )
      continue
    }
    publisher.publish(paymentCompleted, completedPayment(bought))
    if (dice.chance(0.15)) {
      // Rejected: money came, no ticket was issued, the money goes back.
      publishReleased(publisher, event, number)
      publisher.publish(refundProcessed, refundOf(bought, number, 50))
      continue
    }
    publisher.publish(ticketsGenerated, bought.payload)
    for (const ticket of bought.tickets) liveOf(publisher, dice, bought, ticket, number)
  }
  publisher.publish(ticketTypeChanged, typeOf(`${name} a`, 0, { quantityTotal: 250 }), { version: 2 })
  publisher.publish(ticketTypeChanged, typeOf(`${name} b`, 1, { withdrawn: true }), { version: 2 })
  publisher.publish(
    eventUpdated,
    { ...snapshot(`${name} a`, { name: 'Renamed' }), changed: ['name'] },
    { version: 3 },
  )
  return publisher.messages
}

const refundOf = (
  { of }: ReturnType<typeof purchase>,
  number: number | string,
  refundAmount: number,
  ticketIds?: readonly string[],
) => ({
  ...{
    ...of,
    orderNumber: 'ORD-2026-000001',
    refundId: idOf(of.orderId, 'refund', number),
    refundAmount,
    currency: 'EUR',
  },
  ...{ reason: 'asked', ...(ticketIds && { ticketIds }) },
})

const orderOf = ({ of }: ReturnType<typeof purchase>) => ({ ...of, orderNumber: 'ORD-2026-000001' })
const totalOf = ({ tickets }: ReturnType<typeof purchase>) =>
  tickets.reduce((total, { unitPrice }) => total + unitPrice, 0)

/** A purchase, as PAYMENT_COMPLETED tells of it. */
export const completedPayment = (bought: ReturnType<typeof purchase>, totalAmount = totalOf(bought)) => ({
  ...{
    ...orderOf(bought),
    reservationId: bought.payload.reservationId,
    holderName: 'Zofia Łącka',
    totalAmount,
  },
  ...{ currency: 'EUR', paymentMethod: 'CREDIT_CARD', transactionId: 'pi_1', items: [] },
})

/** A purchase that was not paid; without a total it never had prices. */
export const failedPayment = (
  bought: ReturnType<typeof purchase>,
  failureReason: string,
  totalAmount: number | null = totalOf(bought),
) => ({
  ...{
    ...orderOf(bought),
    reservationId: bought.payload.reservationId,
    failureReason,
    errorMessage: 'no',
    retryable: true,
  },
  ...{ totalAmount, currency: totalAmount === null ? null : 'EUR' },
})

export { refundOf }

function publishReleased(publisher: Publisher, event: string, number: number): void {
  const { eventId, typeIds } = eventIds(event)
  publisher.publish(reservationReleased, {
    ...{ reservationId: idOf(event, 'reservation', number), eventId, userId: idOf(event, 'buyer', number) },
    ...{ outcome: 'EXPIRED', heldAt: '2026-11-28T20:00:00Z', releasedAt: '2026-11-28T20:15:00Z' },
    tickets: [{ ticketTypeId: typeIds[0], quantity: 1 }],
  })
}

/**
 * What becomes of a ticket: it changes hands up to twice, and is used, given back, both by force, or neither.
 */
function liveOf(
  publisher: Publisher,
  dice: ReturnType<typeof createDice>,
  bought: ReturnType<typeof purchase>,
  issued: ReturnType<typeof purchase>['tickets'][number],
  number: number,
): void {
  const { ticketTypeId, unitPrice, currency } = issued
  let [ticketId, userId] = [issued.ticketId, bought.of.userId]
  const about = () => ({ ...bought.of, userId, ticketId, ticketNumber: issued.ticketNumber, ticketTypeId })
  for (let hop = 0; hop < 2 && dice.chance(0.3); hop++) {
    const [newTicketId, recipientId] = [idOf(ticketId, 'next'), idOf(ticketId, 'recipient')]
    publisher.publish(ticketTransferred, {
      ...about(),
      newTicketId,
      recipientId,
      recipientEmail: 'a@example.test',
      holderName: 'Ola',
    })
    ticketId = newTicketId
    userId = recipientId
  }
  const end = dice.below(6)
  const isUsed = end === 0 || end === 1
  if (isUsed) publisher.publish(ticketCheckedIn, { ...about(), checkedInAt: '2026-12-24T18:30:00Z' })
  if (end === 2 || end === 3)
    publisher.publish(ticketCancelled, { ...about(), reason: 'refund', unitPrice, currency })
  if (end === 1 || end === 2) {
    publisher.publish(
      refundProcessed,
      refundOf(bought, `${number} ${issued.ticketId}`, unitPrice, [issued.ticketId]),
    )
  }
  // By hand at the gateway: it names no tickets.
  if (end === 3)
    publisher.publish(refundProcessed, refundOf(bought, `hand ${number} ${issued.ticketId}`, unitPrice))
}
