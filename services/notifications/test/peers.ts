import { createHash, randomUUID } from 'node:crypto'
import {
  authInternalRoutes,
  authMailingRoutes,
  type ContactChangeId,
  type ContactOutcome,
  type Currency,
  type EventId,
  type EventInfo,
  eventsInternalRoutes,
  type Minor,
  type OrderId,
  type OrderInfo,
  type OrderPrint,
  paymentsContactRoutes,
  paymentsInternalRoutes,
  type ReservationId,
  type ShownTicket,
  TICKET_CANCELLED,
  TICKET_NOT_FOUND,
  TICKETS_CHANGED,
  type Ticket,
  type TransferStatus,
  ticketsHoldersRoutes,
  ticketsInternalRoutes,
  ticketsMailingRoutes,
  type UserId,
  type UserInfo,
  type VenueId,
} from '@boxoffice/contracts'
import { refuse } from '@boxoffice/service-kit'
import { startPeer } from '@boxoffice/service-kit/testing'

/** One dark pixel: a PNG that any reader opens. */
export const codePng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
export const pdfOf = (...ticketIds: string[]) => Buffer.from(`%PDF-1.7\n% ${ticketIds.join(' ')}\n`)

/** The secret of every transfer. */
export const CLAIM_TOKEN = 'claim-_secret'

/** What the other services know; a test changes it. */
export function createWorld() {
  const event: EventInfo = {
    eventId: randomUUID() as EventId,
    organizerId: randomUUID() as UserId,
    name: 'Święto Świateł',
    description: '',
    eventDate: new Date('2027-07-17T17:30:00Z'),
    timeZone: 'Europe/Warsaw',
    venueId: randomUUID() as VenueId,
    venueName: 'Park Śląski',
    venueAddress: 'Różana 2, 41-501 Chorzów',
    category: 'MUSIC',
    status: 'PUBLISHED',
    createdAt: new Date(),
    updatedAt: new Date(),
    version: 1,
  }
  return {
    event,
    users: new Map<UserId, UserInfo>(),
    /** What is otherwise than usual about every order. */
    order: {} as Partial<OrderInfo>,
    /** Tickets that other services know of, whatever their order. */
    tickets: [] as Ticket[],
    /** Tickets of orders, as the ticket service shows those that are valid. */
    orders: new Map<OrderId, ShownTicket[]>(),
    /** Tickets of an order from which on no PDF is made. */
    printableMax: 500,
    /** The files of an order come with what is shown of it, where they are asked for. */
    givesFiles: false,
    /** PDFs of orders that were asked for. */
    pdfsAsked: [] as OrderId[],
    /** What comes between asking for the PDF of an order and its answer. */
    beforePdf: async (_orderId: OrderId) => {},
    /** What happens when the PDF of an order has been made, before it is answered. */
    afterPdf: () => {},
    /** How many valid tickets everybody holds. */
    held: 1,
    stopped: 0,
    transferStatus: 'PENDING' as TransferStatus,
    /** How the links of mails stand. */
    link: { works: true, emailVerified: false },
    /** How the links about an order's address stand, and what was done with them. */
    contactChange: { confirmable: true, undoable: true },
    contactOutcome: 'DONE' as ContactOutcome,
    contactsSettled: [] as { changeId: ContactChangeId; act: string }[],
    /** What happens when so many more questions have been answered of how things stand. */
    change: null as null | { afterAnswers: number; happens: () => unknown },
    /** Who holds tickets of the event. */
    holders: [] as UserId[],
    /** Pages of holders that were asked for, by where they begin; one more than these is refused. */
    holderPages: [] as (string | null)[],
    holderPagesMax: Number.POSITIVE_INFINITY,
    /** Tickets whose code is not given out any more. */
    invalid: new Set<string>(),
    /** Bytes that each PDF is larger than it need be. */
    ballast: 0,
    /** Services that answer 503. */
    down: new Set<'auth' | 'events' | 'payments' | 'tickets'>(),
    /** What each of the next questions for a user waits for. */
    beforeUser: [] as (() => Promise<void>)[],
    /** How often a code was asked for by itself. */
    codesAsked: 0,
    /** How often the event service was asked: that comes after the user. */
    eventsAsked: 0,
  }
}
export type World = ReturnType<typeof createWorld>

/** The other services, each on a port of its own, answering by their contracts from `world`. */
export async function startPeers(world: World) {
  const { getUsers } = authInternalRoutes
  const { getEventInfos } = eventsInternalRoutes
  const { getOrderInfos } = paymentsInternalRoutes
  const { getOrderPrint: _, ...mailing } = ticketsMailingRoutes
  const { getTicketInfo, getTicketPdfInfo, getTicketQrInfo, getOrderTickets } = ticketsInternalRoutes
  const { listHolders } = ticketsHoldersRoutes
  const refuseIfDown = (service: 'auth' | 'events' | 'payments' | 'tickets') => {
    if (world.down.has(service)) throw new Error('down')
  }
  const validOf = (orderId: OrderId) =>
    (world.orders.get(orderId) ?? []).filter(({ ticketId }) => !world.invalid.has(ticketId))
  const versionOf = (tickets: ShownTicket[]) =>
    createHash('sha256')
      .update(tickets.map(({ ticketId }) => ticketId).join())
      .digest('base64url')
  function printOf({
    orderId,
    filesUpTo = 0,
  }: {
    orderId: OrderId
    filesUpTo?: number | undefined
  }): OrderPrint {
    const tickets = validOf(orderId)
    const print = { version: versionOf(tickets), printable: tickets.length <= world.printableMax, tickets }
    if (!world.givesFiles || tickets.length > filesUpTo) return print
    const pdf = pdfOf(...tickets.map(({ ticketId }) => ticketId)).toString('base64')
    return { ...print, files: { pdf, codes: tickets.map(() => codePng.toString('base64')) } }
  }
  async function answered<T>(answer: T): Promise<T> {
    const { change } = world
    if (change && --change.afterAnswers === 0) await change.happens()
    return answer
  }
  const notValid = () => refuse(TICKET_CANCELLED, { message: 'this ticket is cancelled' })
  const peers = {
    auth: await startPeer(
      { getUsers, ...authMailingRoutes },
      {
        async checkMailedToken() {
          refuseIfDown('auth')
          return answered({ status: 200, body: { ...world.link } })
        },
        async getUsers({ body }) {
          refuseIfDown('auth')
          await world.beforeUser.shift()?.()
          return {
            status: 200,
            body: { users: body.userIds.flatMap((userId) => world.users.get(userId) ?? []) },
          }
        },
      },
    ),
    events: await startPeer(
      { getEventInfos },
      {
        async getEventInfos() {
          refuseIfDown('events')
          world.eventsAsked++
          return answered({ status: 200, body: { events: [{ ...world.event }] } })
        },
      },
    ),
    payments: await startPeer(
      { getOrderInfos, ...paymentsContactRoutes },
      {
        async getContactChange() {
          refuseIfDown('payments')
          return answered({ status: 200, body: { ...world.contactChange } })
        },
        async settleContactChange({ params: { changeId }, body: { act } }) {
          refuseIfDown('payments')
          world.contactsSettled.push({ changeId, act })
          return { status: 200, body: { outcome: world.contactOutcome } }
        },
        async getOrderInfos({ body }) {
          refuseIfDown('payments')
          return answered({
            status: 200,
            body: {
              orders: body.orderIds.map((orderId) => ({
                orderId,
                orderNumber: 'ORD-2026-001234',
                userId: randomUUID() as UserId,
                eventId: world.event.eventId,
                reservationId: randomUUID() as ReservationId,
                totalAmount: 10_050 as Minor,
                refundedAmount: 0 as Minor,
                currency: 'EUR' as Currency,
                status: 'PAID',
                paymentStatus: 'COMPLETED',
                paymentMethod: 'CREDIT_CARD',
                holderName: 'Zofia Łącka',
                items: [],
                createdAt: new Date(),
                ...world.order,
              })),
            },
          })
        },
      },
    ),
    tickets: await startPeer(
      { getTicketInfo, getTicketPdfInfo, getTicketQrInfo, getOrderTickets, listHolders, ...mailing },
      {
        async getOrderPrints({ body }) {
          refuseIfDown('tickets')
          return answered({ status: 200, body: { prints: body.orders.map(printOf) } })
        },
        async getOrderPdf({ params: { orderId }, query: { version } }) {
          refuseIfDown('tickets')
          world.pdfsAsked.push(orderId)
          await world.beforePdf(orderId)
          const tickets = validOf(orderId)
          if (version !== versionOf(tickets))
            return refuse(TICKETS_CHANGED, { message: 'these are others by now' })
          const body = Buffer.concat([
            pdfOf(...tickets.map(({ ticketId }) => ticketId)),
            Buffer.alloc(world.ballast),
          ])
          world.afterPdf()
          return { status: 200, body }
        },
        async countHeldTickets() {
          refuseIfDown('tickets')
          return answered({ status: 200, body: { ticketCount: world.held, stoppedCount: world.stopped } })
        },
        async getTransferInfo({ params: { transferId } }) {
          const { transferStatus: status } = world
          const secret = status === 'PENDING' ? { claimToken: CLAIM_TOKEN } : {}
          return answered({ status: 200, body: { transferId, status, ...secret } })
        },
        async getTicketInfo({ params }) {
          const ticket = world.tickets.find(({ ticketId }) => ticketId === params.ticketId)
          return answered(
            ticket ? { status: 200, body: ticket } : refuse(TICKET_NOT_FOUND, { message: 'no such ticket' }),
          )
        },
        async getTicketInfos({ body: { ticketIds } }) {
          refuseIfDown('tickets')
          const tickets = world.tickets.filter(({ ticketId }) => ticketIds.includes(ticketId))
          return answered({ status: 200, body: { tickets } })
        },
        async getOrderTickets() {
          refuseIfDown('tickets')
          return { status: 200, body: { outcome: 'ISSUED', tickets: world.tickets } }
        },
        async listHolders({ query: { limit, cursor } }) {
          refuseIfDown('tickets')
          if (world.holderPages.length >= world.holderPagesMax) throw new Error('no more pages')
          world.holderPages.push(cursor ?? null)
          const start = Number(cursor ?? 0)
          const end = start + limit
          return {
            status: 200,
            body: {
              holders: world.holders.slice(start, end).map((userId) => ({ userId, ticketCount: 1 })),
              nextCursor: end < world.holders.length ? String(end) : null,
            },
          }
        },
        async getTicketQrInfo({ params: { ticketId } }) {
          refuseIfDown('tickets')
          world.codesAsked++
          return world.invalid.has(ticketId) ? notValid() : { status: 200, body: codePng }
        },
        async getTicketPdfInfo({ params: { ticketId } }) {
          refuseIfDown('tickets')
          const body = Buffer.concat([pdfOf(ticketId), Buffer.alloc(world.ballast)])
          return world.invalid.has(ticketId) ? notValid() : { status: 200, body }
        },
      },
    ),
  }
  return {
    environment: {
      AUTH_URL: peers.auth.url,
      EVENTS_URL: peers.events.url,
      PAYMENTS_URL: peers.payments.url,
      TICKETS_URL: peers.tickets.url,
    },
    close: () => Promise.all(Object.values(peers).map((peer) => peer.close())),
  }
}
