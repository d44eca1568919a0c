import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import {
  authInternalRoutes,
  type Currency,
  type EventId,
  eventsInternalRoutes,
  type OrderId,
  paymentsRoutes,
  type ReservationId,
  type SeatId,
  seatPurchaseRoutes,
  type TicketId,
  ticketsGenerated,
  ticketsInternalRoutes,
  topics,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { createAws, createOutbox, createProbe, provision } from '@boxoffice/messaging'
import { createDatabase } from '@boxoffice/service-kit'
import { createTestAuthority, injectClient, startPeer } from '@boxoffice/service-kit/testing'
import { SECRET_KEY, startSandbox, WEBHOOK_SECRET } from '@boxoffice/stack/sandbox'
import { expect, inject, vi } from 'vitest'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'
import { authStub, eventId, eventStub, ticketStub, ticketTypeId } from './stubs.ts'

/** How long a test waits for what takes its time. */
export const SOON = { timeout: 15_000, interval: 50 }

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
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
  const auth = authStub()
  const users = await startPeer(authInternalRoutes, auth.handlers)
  const environment = {
    ...authority.environment('payment-service'),
    DATABASE_URL: await createDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations'),
    AWS_SNS_ENDPOINT: inject('awsEndpoint'),
    AWS_SQS_ENDPOINT: inject('awsEndpoint'),
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
    SQS_WAIT_SECONDS: '1',
    TICKETS_URL: tickets.url,
    EVENTS_URL: events.url,
    AUTH_URL: users.url,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    SAGA_POLL_MS: '100',
    // The tokens of trouble would open the breaker, as they should: that is tested on its own.
    RESILIENCE: JSON.stringify({
      gateway: { ratePerSecond: 1_000, breaker: { volumeThreshold: 10_000 } },
      tickets: { breaker: { volumeThreshold: 10_000 } },
      auth: { breaker: { volumeThreshold: 10_000 } },
      events: { breaker: { volumeThreshold: 10_000 }, retry: { attempts: 1, firstWaitMs: 0 } },
    }),
    CHECKOUT_WAIT_MS: '5000',
    ...overrides,
  }
  const first = loadConfig({ ...environment, STRIPE_API_URL: 'http://127.0.0.1:1' })
  const aws = createAws(first.messaging)
  await provision(aws)
  const probe = await createProbe(aws, ['payment-events', 'saga-compensation-failed', 'ops-alerts'])

  // The gateway calls us and we call it: it is told our port before we listen.
  const port = await freePort()
  const webhookUrl = `http://127.0.0.1:${port}/api/payments/webhooks/stripe`
  const sandbox = await startSandbox({ webhookUrl: options.webhooks === false ? null : webhookUrl })
  const config = loadConfig({ ...environment, STRIPE_API_URL: sandbox.url })
  const deps = createDependencies(config, authority.userKeys)
  const app = buildApp(deps)
  await app.listen({ host: '127.0.0.1', port })
  const workers = buildWorkers(deps)
  if (options.workers !== false) for (const worker of workers) worker.start()

  const appendAny = createOutbox({ ...deps, topics })
  const buyer = await authority.user()
  const client = injectClient(app, paymentsRoutes, buyer.headers)
  const order = async (orderId: OrderId) => {
    const answer = await client.getOrder({ params: { orderId } })
    if (answer.status !== 200) throw new Error('no such order')
    return answer.body
  }
  return {
    authority,
    config,
    deps,
    /** Writes what another service says into our own outbox. */
    appendAny,
    app,
    sandbox,
    probe,
    stub,
    catalog,
    auth,
    aws,
    workers,
    environment: { ...environment, STRIPE_API_URL: sandbox.url },
    buyer,
    client,
    seats: injectClient(app, seatPurchaseRoutes, buyer.headers),
    /** Buy `quantity` tickets at 50.00 with a token, or the seats that are named; `later`: with `Prefer: respond-async`. */
    buy: (
      paymentToken: string,
      how: { quantity?: number; key?: string; eventId?: EventId; seatIds?: string[]; later?: boolean } = {},
    ) =>
      client.createOrder({
        headers: { 'idempotency-key': how.key ?? randomUUID(), ...(how.later && { prefer: 'respond-async' }) },
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
    order,
    /** What the gateway would send, signed as it signs. */
    tellWebhook(type: string, object: object, id = `evt_${randomUUID()}`) {
      const payload = JSON.stringify({ id, object: 'event', type, data: { object } })
      const signature = sandbox.stripe.webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET })
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
      return app.inject({ method: 'POST', url: '/api/payments/webhooks/stripe', headers, payload })
    },
    /** Wait until the order is of this status. */
    becomes: (orderId: OrderId, status: string) =>
      vi.waitFor(async () => {
        const found = await order(orderId)
        expect(found.status).toBe(status)
        return found
      }, SOON),
    /** In the gateway's books, not ours. */
    moneyOf: async (orderId: OrderId) =>
      (await sandbox.ledger(orderId)).totals[0] ?? { captured: 0, refunded: 0, successfulCharges: 0 },
    clientOf: (headers: Record<string, string>) => injectClient(app, paymentsRoutes, headers),
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
        appendAny(
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
      await users.close()
    },
  }
}

/** The id of the order that an answer tells of. */
export const orderIdOf = (answer: { body: object }) => (answer.body as { orderId: OrderId }).orderId
export type Payments = Awaited<ReturnType<typeof startPayments>>
