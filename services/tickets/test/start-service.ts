import { generateKeyPairSync } from 'node:crypto'
import {
  type OrderId,
  type ReservationId,
  ticketsHoldersRoutes,
  ticketsInternalRoutes,
  ticketsMailingRoutes,
  ticketsRoutes,
  topics,
  type UserId,
} from '@boxoffice/contracts'
import { createOutbox } from '@boxoffice/messaging'
import { createProbe } from '@boxoffice/messaging/testing'
import { closeService, createTestQueues, prepareService } from '@boxoffice/messaging/testing-service'
import type { Worker } from '@boxoffice/service-kit'
import { injectClient, patientPolicies, redisIsThere, scaledMs } from '@boxoffice/service-kit/testing'
import { measured } from '@boxoffice/testing'
import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees, loadConfig } from '../src/config.ts'
import { createDependencies, type Dependencies } from '../src/dependencies.ts'
import { defineCommands } from '../src/holds/commands.ts'
import { buildWorkers } from '../src/workers.ts'
import { createInventory } from './inventory.ts'
import { createOffers } from './offers.ts'
import { startPeers } from './peers.ts'

/** Which workers run: none by default, so that a test decides what is swept and published. */
interface Options {
  workers?: 'all' | 'relay'
}

/**
 * Starts the service with its database, Redis and queues; event, payment and auth service are stubbed from
 * their contracts.
 */
export const startService = (environment: Record<string, string> = {}, options: Options = {}) =>
  measured('servers', () => start(environment, options))

async function start(overrides: Record<string, string>, options: Options) {
  const { authority, environment } = await prepareService('tickets')
  const { known, ...peers } = await startPeers()
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const config = loadConfig({
    ...environment,
    ...peers.environment,
    REDIS_URL: inject('redisUrl'),
    PUBLIC_URL: 'https://boxoffice.test',
    TICKET_SIGNING_KEY: JSON.stringify({ ...signingKey, kid: 'tickets-test' }),
    OFFER_CACHE_MS: '0',
    SEAT_MAP_CACHE_MS: '20',
    // Longer than any slow machine needs.
    SEAT_MUTEX_WAIT_MS: String(scaledMs(60_000)),
    RESILIENCE: patientPolicies(callees),
    ...overrides,
  })
  const aws = await createTestQueues(config.messaging)
  const probe = await createProbe(aws, ['ticket-events'])
  const deps = createDependencies(config, authority.userKeys)
  const app = buildApp(deps)
  const redis = new Redis(inject('redisUrl'))
  if (!overrides.REDIS_URL) await redisIsThere(deps.metrics)
  const workers = workersOf(deps, options)
  for (const worker of workers) worker.start()
  const callerHeaders = () => authority.service('payment-service', 'ticket-service')
  const asNotifications = () => authority.service('notification-service', 'ticket-service')
  const internal = injectClient(app, ticketsInternalRoutes, callerHeaders)

  return {
    authority,
    config,
    deps,
    app,
    probe,
    redis,
    internal,
    /** Headers of internal calls by the payment service. */
    callerHeaders,
    ...known,
    ...createOffers({ authority, app, ...known }),
    ...createInventory(deps, redis),
    /** Writes messages of other services into this service's outbox. */
    appendAny: createOutbox({ ...deps, relay: deps.messaging.relay, topics }),
    mailing: injectClient(app, ticketsMailingRoutes, asNotifications),
    holders: injectClient(app, ticketsHoldersRoutes, asNotifications),
    /** The cached state, through the same commands as the service. */
    commands: defineCommands(redis, { cacheTtlMs: config.availabilityCacheTtlMs }),
    visitor: injectClient(app, ticketsRoutes),
    async user(roles: ('USER' | 'ORGANIZER')[] = ['USER'], userId?: UserId, emailVerified = true) {
      const user = await authority.user(roles, userId, { emailVerified })
      return {
        userId: user.userId,
        headers: user.headers,
        client: injectClient(app, ticketsRoutes, user.headers),
      }
    },
    /** Another instance of the service with its own connections and changed configuration. */
    instance(changes: Partial<typeof config> = {}) {
      const deps = createDependencies({ ...config, ...changes }, authority.userKeys)
      const app = buildApp(deps)
      const close = async () => {
        await app.close()
        await deps.close()
      }
      return {
        deps,
        app,
        internal: injectClient(app, ticketsInternalRoutes, callerHeaders),
        client: (headers: Record<string, string>) => injectClient(app, ticketsRoutes, headers),
        close,
      }
    },
    /**
     * Claims a buyer's reservation for an order and has its tickets issued, as the payment service does after
     * payment.
     */
    async issue(
      order: { reservationId: ReservationId; orderId: OrderId; userId: UserId },
      holderName = 'Ada',
    ) {
      const { reservationId, orderId, userId } = order
      await internal.claimReservation({ body: { reservationId, orderId, userId } })
      return internal.confirmPurchase({ body: { reservationId, orderId, userId, holderName } })
    },
    async close() {
      await closeService({
        servers: [() => app.close()],
        workers,
        probe,
        deps,
        aws,
        stubs: [peers.close],
      })
      redis.disconnect()
    },
  }
}
export type TestService = Awaited<ReturnType<typeof startService>>

const workersOf = (deps: Dependencies, { workers }: Options): Worker[] =>
  workers === 'all' ? buildWorkers(deps) : workers === 'relay' ? [deps.messaging.relay] : []
