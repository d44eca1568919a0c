import { randomUUID } from 'node:crypto'
import {
  type Currency,
  type EventId,
  type Minor,
  type OrderId,
  paymentsRoutes,
  type ReservationId,
  type TicketId,
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
const unused = async () => Promise.reject(new Error('not asked for here'))

/** A ticket service that has enough of everything, and remembers what it was asked; a test may answer otherwise. */
export function ticketStub() {
  const claims = new Map<OrderId, { quantity: number; released: boolean }>()
  const calls: string[] = []
  const state = { away: false }
  const held = (reservationId: ReservationId, quantity: number) => ({
    reservationId,
    reserved: true as const,
    eventId,
    status: 'PAYING' as const,
    expiresAt: new Date(Date.now() + 900_000),
    tickets: [{ ticketTypeId, quantity, unitPrice: 5_000 as Minor, totalPrice: (5_000 * quantity) as Minor }],
    totalAmount: (5_000 * quantity) as Minor,
    currency: 'EUR' as Currency,
  })
  const handlers: Handlers<typeof ticketsInternalRoutes> = {
    checkAvailability: unused,
    async reserve({ body }) {
      calls.push('reserve')
      if (state.away) throw new Error('away')
      const quantity = body.ticketRequests[0]?.quantity ?? 0
      if (quantity > 50) return refuse(409, 'INSUFFICIENT_INVENTORY', 'not that many are left', { reserved: false as const })
      claims.set(body.orderId as OrderId, { quantity, released: false })
      return { status: 200, body: held(body.reservationId, quantity) }
    },
    async claimReservation({ body }) {
      calls.push('claim')
      claims.set(body.orderId, { quantity: 1, released: false })
      return { status: 200, body: { ...held(body.reservationId, 1), userId: body.userId, orderId: body.orderId } }
    },
    async confirmPurchase({ body }) {
      calls.push('confirm')
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
      return { status: 200, body: { orderId: body.orderId, cancelled: [] } }
    },
    getTicketInfo: unused,
    getTicketPdfInfo: unused,
    getTicketQrInfo: unused,
    getOrderTickets: unused,
  }
  return { handlers, claims, calls, state }
}

/** The payment service with its own database, queues and gateway, and a ticket service that is a stub of the contract. */
export async function startPayments(overrides: Record<string, string> = {}, options = { webhooks: true }) {
  const authority = await createTestAuthority()
  const stub = ticketStub()
  const tickets = await startPeer(ticketsInternalRoutes, stub.handlers)
  const environment = {
    ...authority.environment('payment-service'),
    DATABASE_URL: await createDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations'),
    AWS_SNS_ENDPOINT: inject('awsEndpoint'),
    AWS_SQS_ENDPOINT: inject('awsEndpoint'),
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
    SQS_WAIT_SECONDS: '1',
    TICKETS_URL: tickets.url,
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
  const probe = await createProbe(aws, ['payment-events', 'saga-compensation-failed'])

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
  if (options.webhooks) webhookUrl = url
  const workers = buildWorkers(deps)
  for (const worker of workers) worker.start()

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
    buyer,
    client,
    /** Buy `quantity` tickets at 50.00 with a token. */
    buy: (paymentToken: string, options: { quantity?: number; key?: string } = {}) =>
      client.createOrder({
        headers: { 'idempotency-key': options.key ?? randomUUID() },
        body: {
          eventId,
          ticketRequests: [{ ticketTypeId, quantity: options.quantity ?? 2 }],
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
    /** The ticket service's word, through the queue. */
    tellTicketsGenerated: (orderId: OrderId) =>
      deps.messaging.transact((tx) =>
        deps.messaging.append(
          tx,
          ticketsGenerated,
          {
            orderId,
            userId: buyer.userId as UserId,
            eventId,
            venueId: randomUUID() as VenueId,
            reservationId: randomUUID() as ReservationId,
            tickets: [1, 2].map((ordinal) => ({
              ticketId: randomUUID() as TicketId,
              ticketNumber: `TKT-2026-00000${ordinal}`,
              qrCode: 'http://127.0.0.1/q',
              ticketTypeId,
              ticketTypeName: 'Standing',
              unitPrice: 5_000 as Minor,
              currency: 'EUR' as Currency,
              holderName: 'Zofia Łącka',
            })),
          },
          { aggregateVersion: 1 },
        ),
      ),
    async stop() {
      await app.close()
      for (const worker of workers.toReversed()) await worker.stop()
      await probe.close()
      await deps.close()
      aws.close()
      await sandbox.stop()
      await tickets.close()
    },
  }
}
export type Payments = Awaited<ReturnType<typeof startPayments>>
