import { randomUUID } from 'node:crypto'
import {
  type Currency,
  type EventId,
  type EventInfo,
  eventsInternalRoutes,
  type Minor,
  type OrderId,
  paymentsRoutes,
  type ReservationId,
  type SeatId,
  type TicketId,
  type TicketRequest,
  type TicketTypeId,
  ticketsGenerated,
  ticketsInternalRoutes,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { createAws, createProbe, provision } from '@boxoffice/messaging'
import { createDatabase, type Handlers, refuse } from '@boxoffice/service-kit'
import { createTestAuthority, injectClient, startPeer } from '@boxoffice/service-kit/testing'
import { SECRET_KEY, startSandbox, WEBHOOK_SECRET } from '@boxoffice/stack/sandbox'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'

export const eventId = randomUUID() as EventId
export const ticketTypeId = randomUUID() as TicketTypeId
const notAsked = async () => Promise.reject(new Error('not asked for here'))
const PRICE = 5_000 as Minor

/** An event service that knows one event, and what a test says of others. */
export function eventStub() {
  const events = new Map<EventId, Partial<EventInfo>>()
  const state = { away: false }
  const infoOf = (id: EventId): EventInfo | null => {
    if (state.away) throw new Error('away')
    const known = events.get(id)
    if (!known) return null
    const now = new Date()
    return {
      eventId: id,
      organizerId: randomUUID() as UserId,
      name: 'Night of Strings',
      description: '',
      eventDate: now,
      timeZone: 'UTC',
      venueId: randomUUID() as VenueId,
      venueName: 'Klub Proxima',
      venueAddress: 'Warszawa',
      category: 'MUSIC',
      status: 'PUBLISHED',
      createdAt: now,
      updatedAt: now,
      version: 1,
      ...known,
    }
  }
  const noEvent = () => refuse(404, 'EVENT_NOT_FOUND', 'no such event')
  const handlers: Handlers<typeof eventsInternalRoutes> = {
    async getEventInfo({ params }) {
      const event = infoOf(params.eventId)
      return event ? { status: 200, body: event } : noEvent()
    },
    async validateOrganizer({ params }) {
      const event = infoOf(params.eventId)
      return event ? { status: 200, body: { ...params, isOrganizer: event.organizerId === params.userId } } : noEvent()
    },
    getEventInfos: notAsked,
    getSeatingPlanInfo: notAsked,
  }
  return { handlers, events, state }
}

interface StubTicket {
  ticketId: TicketId
  ticketTypeId: TicketTypeId
  unitPrice: Minor
  used: boolean
  refundId?: string
}

/** A ticket service that has enough of everything, and remembers what it was asked; a test may answer otherwise. */
export function ticketStub() {
  const claims = new Map<OrderId, { quantity: number; released: boolean }>()
  const issued = new Map<OrderId, StubTicket[]>()
  const calls: string[] = []
  const holderNames = new Map<OrderId, string>()
  const state = { away: false, price: PRICE, taken: [] as SeatId[], cancelDelayMs: 0 }
  const quantityOf = (requests: readonly TicketRequest[]) =>
    requests.reduce((count, request) => count + ('seatIds' in request ? request.seatIds.length : request.quantity), 0)
  const held = (reservationId: ReservationId, requests: readonly TicketRequest[], of: EventId = eventId) => ({
    reservationId,
    reserved: true as const,
    eventId: of,
    status: 'PAYING' as const,
    expiresAt: new Date(Date.now() + 900_000),
    tickets: requests.map((request) => {
      const quantity = quantityOf([request])
      const seats = 'seatIds' in request ? { seatIds: request.seatIds } : {}
      return { ticketTypeId, quantity, unitPrice: state.price, totalPrice: (state.price * quantity) as Minor, ...seats }
    }),
    totalAmount: (state.price * quantityOf(requests)) as Minor,
    currency: 'EUR' as Currency,
  })
  const handlers: Handlers<typeof ticketsInternalRoutes> = {
    checkAvailability: notAsked,
    async reserve({ body }) {
      calls.push('reserve')
      if (state.away) throw new Error('away')
      const quantity = quantityOf(body.ticketRequests)
      if (quantity > 50) return refuse(409, 'INSUFFICIENT_INVENTORY', 'not that many are left', { reserved: false as const })
      const seatIds = body.ticketRequests.flatMap((request) => ('seatIds' in request ? request.seatIds : []))
      const taken = seatIds.filter((seatId) => state.taken.includes(seatId))
      if (taken.length > 0) return refuse(409, 'SEATS_TAKEN', 'some are taken', { reserved: false as const, seatIds: taken })
      claims.set(body.orderId as OrderId, { quantity, released: false })
      return { status: 200, body: held(body.reservationId, body.ticketRequests, body.eventId) }
    },
    async claimReservation({ body }) {
      calls.push('claim')
      claims.set(body.orderId, { quantity: 1, released: false })
      const reservation = held(body.reservationId, [{ ticketTypeId, quantity: 1 }])
      return { status: 200, body: { ...reservation, userId: body.userId, orderId: body.orderId } }
    },
    async confirmPurchase({ body }) {
      calls.push('confirm')
      holderNames.set(body.orderId, body.holderName)
      return { status: 200, body: { confirmed: true as const, orderId: body.orderId, tickets: [] } }
    },
    async releaseClaim({ body }) {
      calls.push('release')
      const claim = claims.get(body.orderId)
      if (claim) claim.released = true
      return {
        status: 200,
        body: { released: Boolean(claim), reservationId: body.reservationId, ticketsReleased: claim?.quantity ?? 0 },
      }
    },
    async cancelOrderTickets({ body }) {
      calls.push('cancel')
      if (state.away) throw new Error('away')
      await new Promise((resolve) => setTimeout(resolve, state.cancelDelayMs))
      const { orderId, refundId, force } = body
      const all = issued.get(orderId) ?? []
      const before = all.filter((ticket) => refundId && ticket.refundId === refundId)
      const wanted = all.filter(
        (ticket) => ticket.refundId === undefined && (!body.ticketIds || body.ticketIds.includes(ticket.ticketId)),
      )
      const used = wanted.filter((ticket) => ticket.used)
      if (before.length === 0 && used.length > 0 && !force) {
        return refuse(409, 'TICKETS_USED', 'some are used', { ticketIds: used.map(({ ticketId }) => ticketId) })
      }
      if (before.length === 0) for (const ticket of wanted) ticket.refundId = refundId ?? 'none'
      const cancelled = before.length > 0 ? before : wanted
      return {
        status: 200,
        body: {
          orderId,
          cancelled: cancelled.map(({ ticketId, ticketTypeId, unitPrice }) => ({ ticketId, ticketTypeId, unitPrice })),
        },
      }
    },
    getTicketInfo: notAsked,
    getTicketPdfInfo: notAsked,
    getTicketQrInfo: notAsked,
    getOrderTickets: notAsked,
  }
  /** What the tickets that still admit are worth. */
  const priceOfValid = (orderId: OrderId) =>
    (issued.get(orderId) ?? []).filter(({ refundId }) => !refundId).reduce((value, { unitPrice }) => value + unitPrice, 0)
  return { handlers, claims, issued, calls, holderNames, state, priceOfValid }
}

/** The payment service with its own database, queues and gateway, and a ticket service that is a stub of the contract. */
export async function startPayments(
  overrides: Record<string, string> = {},
  options: { webhooks?: boolean; workers?: boolean } = {},
) {
  const authority = await createTestAuthority()
  const stub = ticketStub()
  const tickets = await startPeer(ticketsInternalRoutes, stub.handlers)
  const catalog = eventStub()
  const events = await startPeer(eventsInternalRoutes, catalog.handlers)
  const environment = {
    ...authority.environment('payment-service'),
    DATABASE_URL: await createDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations'),
    AWS_SNS_ENDPOINT: inject('awsEndpoint'),
    AWS_SQS_ENDPOINT: inject('awsEndpoint'),
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
    SQS_WAIT_SECONDS: '1',
    TICKETS_URL: tickets.url,
    EVENTS_URL: events.url,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    SAGA_POLL_MS: '100',
    // The tokens of trouble would open the breaker, as they should: that is tested on its own.
    RESILIENCE: JSON.stringify({ gateway: { ratePerSecond: 1_000, breaker: { volumeThreshold: 10_000 } } }),
    CHECKOUT_WAIT_MS: '5000',
    ...overrides,
  }
  const first = loadConfig({ ...environment, STRIPE_API_URL: 'http://127.0.0.1:1' })
  const aws = createAws(first.messaging)
  await provision(aws)
  const probe = await createProbe(aws, ['payment-events', 'saga-compensation-failed', 'ops-alerts'])

  // The gateway calls us and we call it: the app listens first, on a port that the gateway is told.
  let webhookUrl: string | null = null
  const sandbox = await startSandbox({
    get webhookUrl() {
      return webhookUrl
    },
  } as never)
  const config = loadConfig({ ...environment, STRIPE_API_URL: sandbox.url })
  const deps = createDependencies(config, authority.userKeys)
  const app = buildApp(deps)
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/api/payments/webhooks/stripe`
  if (options.webhooks !== false) webhookUrl = url
  const workers = buildWorkers(deps)
  if (options.workers !== false) for (const worker of workers) worker.start()

  const buyer = await authority.user()
  const client = injectClient(app, paymentsRoutes, buyer.headers)
  return {
    authority,
    config,
    deps,
    app,
    sandbox,
    probe,
    stub,
    catalog,
    environment: { ...environment, STRIPE_API_URL: sandbox.url },
    buyer,
    client,
    /** Buy `quantity` tickets at 50.00 with a token, or the seats that are named. */
    buy: (paymentToken: string, how: { quantity?: number; key?: string; eventId?: EventId; seatIds?: string[] } = {}) =>
      client.createOrder({
        headers: { 'idempotency-key': how.key ?? randomUUID() },
        body: {
          eventId: how.eventId ?? eventId,
          ticketRequests: how.seatIds
            ? [{ ticketTypeId, seatIds: how.seatIds as SeatId[] }]
            : [{ ticketTypeId, quantity: how.quantity ?? 2 }],
          paymentMethod: 'CREDIT_CARD',
          paymentToken,
          holderName: 'Zofia Łącka',
        },
      }),
    order: async (orderId: OrderId) => {
      const answer = await client.getOrder({ params: { orderId } })
      if (answer.status !== 200) throw new Error('no such order')
      return answer.body
    },
    sagaState: async (orderId: OrderId) =>
      (await deps.pool.query('select state from sagas where order_id = $1', [orderId])).rows[0]?.state as string,
    /** The ticket service's word, through the queue; the tickets that it made. */
    async tellTicketsGenerated(orderId: OrderId, quantity = 2) {
      const made = Array.from({ length: quantity }, () => randomUUID() as TicketId)
      const unitPrice = stub.state.price
      stub.issued.set(
        orderId,
        made.map((ticketId) => ({ ticketId, ticketTypeId, unitPrice, used: false })),
      )
      await deps.messaging.transact((tx) =>
        deps.messaging.append(
          tx,
          ticketsGenerated,
          {
            orderId,
            userId: buyer.userId as UserId,
            eventId,
            venueId: randomUUID() as VenueId,
            reservationId: randomUUID() as ReservationId,
            tickets: made.map((ticketId, index) => ({
              ticketId,
              ticketNumber: `TKT-2026-00000${index + 1}`,
              qrCode: 'http://127.0.0.1/q',
              ticketTypeId,
              ticketTypeName: 'Standing',
              unitPrice,
              currency: 'EUR' as Currency,
              holderName: 'Zofia Łącka',
            })),
          },
          { aggregateVersion: 1 },
        ),
      )
      return made
    },
    async stop() {
      await app.close()
      if (options.workers !== false) for (const worker of workers.toReversed()) await worker.stop()
      await probe.close()
      await deps.close()
      aws.close()
      await sandbox.stop()
      await tickets.close()
      await events.close()
    },
  }
}
export type Payments = Awaited<ReturnType<typeof startPayments>>
