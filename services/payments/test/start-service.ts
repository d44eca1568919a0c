import { randomUUID } from 'node:crypto'
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
import { createOutbox } from '@boxoffice/messaging'
import { createProbe } from '@boxoffice/messaging/testing'
import { closeService, createTestQueues, prepareService } from '@boxoffice/messaging/testing-service'
import { SECRET_KEY, startSandbox, WEBHOOK_SECRET } from '@boxoffice/payment-sandbox'
import { injectClient, patientPolicies, scaledMs, startPeer } from '@boxoffice/service-kit/testing'
import { claimPort, measured, until } from '@boxoffice/testing'
import { expect, vi } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees, loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'
import { authStub, eventId, eventStub, ticketStub, ticketTypeId } from './stubs.ts'

/** Parts of messages may be of any size. */
export const TICKETS_PER_PART = 50

/** Starts the payment service with its own database, queues and gateway, and a stub of the ticket service. */
export const startService = (
  overrides: Record<string, string> = {},
  options: { webhooks?: boolean; workers?: boolean } = {},
) => measured('servers', () => start(overrides, options))

async function start(overrides: Record<string, string>, options: { webhooks?: boolean; workers?: boolean }) {
  const base = await prepareService('payments')
  const { authority } = base
  const stub = ticketStub()
  const tickets = await startPeer(ticketsInternalRoutes, stub.handlers)
  const catalog = eventStub()
  const events = await startPeer(eventsInternalRoutes, catalog.handlers)
  const auth = authStub()
  const users = await startPeer(authInternalRoutes, auth.handlers)
  // The gateway calls this service and is called by it, so it needs our port before we listen.
  const port = await claimPort()
  const webhookUrl = `http://127.0.0.1:${port}/api/payments/webhooks/stripe`
  const sandbox = await startSandbox({ webhookUrl: options.webhooks === false ? null : webhookUrl })
  const environment = {
    ...base.environment,
    TICKETS_URL: tickets.url,
    EVENTS_URL: events.url,
    AUTH_URL: users.url,
    STRIPE_API_URL: sandbox.url,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    SAGA_POLL_MS: '100',
    SAGA_RETRY_MAX_MS: '300',
    WEBHOOK_POLL_MS: '100',
    // What only a machine that is slow could reach: who is not to wait for it says so, or moves the clock.
    CHECKOUT_WAIT_MS: String(scaledMs(60_000)),
    GATEWAY_TIMEOUT_MS: String(scaledMs(30_000)),
    HOLDER_NAME_TIMEOUT_MS: String(scaledMs(30_000)),
    TICKETS_PATIENCE_SECONDS: '3600',
    // The tokens of trouble would open the breaker, as they should: that is tested on its own.
    RESILIENCE: patientPolicies(callees, { gateway: { ratePerSecond: 1_000 } }),
    ...overrides,
  }
  const config = loadConfig(environment)
  const aws = await createTestQueues(config.messaging)
  const probe = await createProbe(aws, ['payment-events', 'saga-compensation-failed', 'ops-alerts'])
  const clock = { aheadMs: 0 }
  const deps = createDependencies(config, authority.userKeys, {
    now: () => new Date(Date.now() + clock.aheadMs),
  })
  const app = buildApp(deps)
  const url = await app.listen({ host: '127.0.0.1', port })
  const noWaitApp = buildApp({ ...deps, config: { ...config, checkoutWaitMs: 0 } })
  const workers = buildWorkers(deps)
  if (options.workers !== false) for (const worker of workers) worker.start()

  const appendAny = createOutbox({ ...deps, relay: deps.messaging.relay, topics })
  const buyer = await authority.user()
  const client = injectClient(app, paymentsRoutes, buyer.headers)
  const noWaitClient = injectClient(noWaitApp, paymentsRoutes, buyer.headers)
  const instances: { kill(): Promise<unknown> }[] = []
  const order = async (orderId: OrderId) => {
    const answer = await client.getOrder({ params: { orderId } })
    if (answer.status !== 200) throw new Error('no such order')
    return answer.body
  }
  return {
    authority,
    config,
    deps,
    /** Writes messages of other services into this service's outbox. */
    appendAny,
    app,
    sandbox,
    probe,
    stub,
    catalog,
    auth,
    aws,
    workers,
    environment,
    buyer,
    client,
    /** The same of an instance that answers at once, with the current state. */
    noWaitClient,
    seats: injectClient(app, seatPurchaseRoutes, buyer.headers),
    noWaitSeats: injectClient(noWaitApp, seatPurchaseRoutes, buyer.headers),
    /** Where it listens. */
    url,
    /** How far the service's clock is ahead of the others'. */
    clock,
    /** Processes that end with this. */
    instances,
    /**
     * Buys `quantity` tickets at 50.00 with a token, or the named seats; `later`: with `Prefer:
     * respond-async`; `noWait`: without waiting for the outcome.
     */
    buy: (
      paymentToken: string,
      how: {
        quantity?: number
        key?: string
        eventId?: EventId
        seatIds?: string[]
        later?: boolean
        noWait?: boolean
      } = {},
    ) =>
      (how.noWait ? noWaitClient : client).createOrder({
        headers: {
          'idempotency-key': how.key ?? randomUUID(),
          ...(how.later && { prefer: 'respond-async' }),
        },
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
    /** Sends a webhook call signed as by the gateway. */
    sendWebhook(
      type: string,
      object: object,
      id = `evt_${randomUUID()}`,
      more: Record<string, string> = {},
      at = Date.now(),
    ) {
      const payload = JSON.stringify({
        id,
        object: 'event',
        type,
        created: Math.floor(at / 1_000),
        data: { object },
      })
      const signature = sandbox.stripe.webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET })
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature, ...more }
      return app.inject({ method: 'POST', url: '/api/payments/webhooks/stripe', headers, payload })
    },
    /** Waits until the order has this status. */
    becomes: (orderId: OrderId, status: string) =>
      until(async () => {
        const found = await order(orderId)
        expect(found.status).toBe(status)
        return found
      }),
    /** Holds the next charge on its way to the gateway until it is released. */
    holdCharge() {
      const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const { charge } = deps.gateway
      vi.spyOn(deps.gateway, 'charge').mockImplementationOnce(async (request) => {
        reached.resolve()
        await released.promise
        return charge(request)
      })
      return { reached: reached.promise, release: () => released.resolve() }
    },
    /** Does `work` between the next charge and its answer. */
    afterNextCharge(work: () => Promise<unknown>) {
      const { charge } = deps.gateway
      vi.spyOn(deps.gateway, 'charge').mockImplementationOnce(async (request) => {
        const outcome = await charge(request)
        await work()
        return outcome
      })
    },
    /** The money at the gateway, not in our ledger. */
    moneyOf: async (orderId: OrderId) =>
      (await sandbox.ledger(orderId)).totals[0] ?? { captured: 0, refunded: 0, successfulCharges: 0 },
    clientOf: (headers: Record<string, string>) => injectClient(app, paymentsRoutes, headers),
    sagaState: async (orderId: OrderId) =>
      (await deps.pool.query('select state from sagas where order_id = $1', [orderId])).rows[0]
        ?.state as string,
    /** Publishes the tickets as the ticket service would, part by part, the last part first; returns them. */
    async publishTicketsGenerated(orderId: OrderId, quantity = 2, createdAt?: Date) {
      const made = Array.from({ length: quantity }, () => randomUUID() as TicketId)
      const unitPrice = stub.state.price
      stub.issued.set(
        orderId,
        made.map((ticketId) => ({ ticketId, ticketTypeId, unitPrice, used: false })),
      )
      const tickets = made.map((ticketId, index) => ({
        ticketId,
        ticketNumber: `TKT-2026-${String(index + 1).padStart(6, '0')}`,
        qrCode: 'http://127.0.0.1/q',
        ticketTypeId,
        ticketTypeName: 'Standing',
        unitPrice,
        currency: 'EUR' as Currency,
        holderName: 'Zofia Łącka',
        ...(createdAt && { createdAt }),
      }))
      const about = { orderId, userId: buyer.userId as UserId, eventId, venueId: randomUUID() as VenueId }
      const parts = Math.ceil(quantity / TICKETS_PER_PART)
      for (let part = parts; part > 0; part--) {
        const some = tickets.slice((part - 1) * TICKETS_PER_PART, part * TICKETS_PER_PART)
        const payload = { ...about, reservationId: randomUUID() as ReservationId, part, parts, tickets: some }
        await deps.db.transact((tx) => appendAny(tx, ticketsGenerated, payload, { aggregateVersion: 1 }))
      }
      return made
    },
    stop: () =>
      closeService({
        servers: [() => app.close(), () => noWaitApp.close(), ...instances.map(({ kill }) => kill)],
        workers,
        probe,
        deps,
        aws,
        stubs: [sandbox.stop, tickets.close, events.close, users.close],
      }),
  }
}

/** All messages that were appended, including archived ones. */
export const WRITTEN = `(select event_type, topic, body, created_at from outbox
  union all select event_type, topic, body, created_at from message_archive) written`

/** The id of the order in an answer. */
export const orderIdOf = (answer: { body: object }) => (answer.body as { orderId: OrderId }).orderId
export type TestService = Awaited<ReturnType<typeof startService>>
