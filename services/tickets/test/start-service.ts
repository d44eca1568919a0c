import { generateKeyPairSync, randomUUID } from 'node:crypto'
import {
  authInternalRoutes,
  EVENT_NOT_FOUND,
  type EventId,
  type EventInfo,
  eventsInternalRoutes,
  type Minor,
  ORDER_NOT_FOUND,
  type OrderId,
  type OrderInfo,
  paymentsInternalRoutes,
  type ReservationId,
  SEATING_PLAN_NOT_FOUND,
  SERVICE_UNAVAILABLE,
  type SeatId,
  type SeatingPlan,
  type TicketRequest,
  type TicketTypeId,
  ticketsHoldersRoutes,
  ticketsInternalRoutes,
  ticketsMailingRoutes,
  ticketsRoutes,
  topics,
  USER_NOT_FOUND,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { createAws, createOutbox, provision } from '@boxoffice/messaging'
import { refuse } from '@boxoffice/service-kit'
import {
  createTestAuthority,
  createTestDatabase,
  injectClient,
  patientPolicies,
  redisIsThere,
  scaledMs,
  startPeer,
} from '@boxoffice/service-kit/testing'
import { measured } from '@boxoffice/testing'
import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees, loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { defineCommands } from '../src/holds/commands.ts'
import { readStatuses } from '../src/holds/seat-claim-repository.ts'
import { lockReservation } from '../src/reservations/reservation-repository.ts'

const HOUR_MS = 3_600_000
export const newId = <Id extends string>() => randomUUID() as Id

/**
 * Starts the service with its database, Redis and queues; event and payment service are stubbed from their
 * contracts.
 */
export const startService = (environment: Record<string, string> = {}) =>
  measured('servers', () => start(environment))

async function start(environment: Record<string, string>) {
  const authority = await createTestAuthority()
  const eventInfos = new Map<EventId, EventInfo>()
  const orderInfos = new Map<OrderId, OrderInfo>()
  const accounts = new Map<string, { userId: UserId; emailVerified: boolean }>()
  const authIs = { away: false }
  const seatingPlans = new Map<EventId, SeatingPlan>()
  const events = await startPeer(eventsInternalRoutes, {
    getEventInfo: async ({ params }) => {
      const body = eventInfos.get(params.eventId)
      return body ? { status: 200, body } : refuse(EVENT_NOT_FOUND, { message: 'no such event' })
    },
    validateOrganizer: async () => refuse(EVENT_NOT_FOUND, { message: 'not asked here' }),
    getEventInfos: async () => ({ status: 200, body: { events: [] } }),
    getSeatingPlanInfo: async ({ params }) => {
      const body = seatingPlans.get(params.eventId)
      return body
        ? { status: 200, body: JSON.stringify(body) }
        : refuse(SEATING_PLAN_NOT_FOUND, { message: 'no plan' })
    },
  })
  const payments = await startPeer(
    { getOrderInfo: paymentsInternalRoutes.getOrderInfo },
    {
      getOrderInfo: async ({ params }) => {
        const body = orderInfos.get(params.orderId)
        return body ? { status: 200, body } : refuse(ORDER_NOT_FOUND, { message: 'no such order' })
      },
    },
  )
  const { getUser, getUserByEmail } = authInternalRoutes
  const answerUser = (email: string | undefined) => {
    if (authIs.away) return refuse(SERVICE_UNAVAILABLE, { message: 'away' }) as never
    const user = email === undefined ? undefined : accounts.get(email)
    if (!email || !user) return refuse(USER_NOT_FOUND, { message: 'no such user' })
    const name = { firstName: 'Ada', lastName: 'Nowak', locale: 'pl' }
    return { status: 200 as const, body: { ...user, email, ...name, createdAt: new Date() } }
  }
  const auth = await startPeer(
    { getUser, getUserByEmail },
    {
      getUserByEmail: async ({ body: { email } }) => answerUser(email),
      getUser: async ({ params: { userId } }) =>
        answerUser([...accounts].find(([, account]) => account.userId === userId)?.[0]),
    },
  )
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const config = loadConfig({
    ...authority.environment('ticket-service'),
    DATABASE_URL: await createTestDatabase(inject('postgresUrl'), 'services/tickets/prisma/migrations'),
    REDIS_URL: inject('redisUrl'),
    AUTH_URL: auth.url,
    EVENTS_URL: events.url,
    PAYMENTS_URL: payments.url,
    PUBLIC_URL: 'https://boxoffice.test',
    TICKET_SIGNING_KEY: JSON.stringify({ ...signingKey, kid: 'tickets-test' }),
    AWS_SNS_ENDPOINT: inject('awsEndpoint'),
    AWS_SQS_ENDPOINT: inject('awsEndpoint'),
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
    SQS_WAIT_SECONDS: '0.2',
    OFFER_CACHE_MS: '0',
    SEAT_MAP_CACHE_MS: '20',
    // Longer than any slow machine needs.
    SEAT_MUTEX_WAIT_MS: String(scaledMs(60_000)),
    RESILIENCE: patientPolicies(callees),
    ...environment,
  })
  const aws = createAws(config.messaging)
  await provision(aws)
  const deps = createDependencies(config, authority.userKeys)
  const app = buildApp(deps)
  const redis = new Redis(inject('redisUrl'))
  if (!environment.REDIS_URL) await redisIsThere(deps.metrics)
  const callerHeaders = () => authority.service('payment-service', 'ticket-service')
  const internal = injectClient(app, ticketsInternalRoutes, callerHeaders)

  return {
    authority,
    config,
    deps,
    /** Writes messages of other services into this service's outbox. */
    appendAny: createOutbox({ ...deps, relay: deps.messaging.relay, topics }),
    app,
    aws,
    redis,
    eventInfos,
    orderInfos,
    seatingPlans,
    internal,
    /** Headers of internal calls by other services. */
    callerHeaders,
    /** Accounts of the auth service by address, and whether it is available. */
    accounts,
    authIs,
    mailing: injectClient(app, ticketsMailingRoutes, () =>
      authority.service('notification-service', 'ticket-service'),
    ),
    holders: injectClient(app, ticketsHoldersRoutes, () =>
      authority.service('notification-service', 'ticket-service'),
    ),
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
    /** An event that the event service knows. */
    addEvent(changes: Partial<EventInfo> = {}): EventInfo {
      const event = eventInfo(changes)
      eventInfos.set(event.eventId, event)
      return event
    },
    /** A published event with one type of `quantity` tickets. */
    async offer(
      quantity: number,
      changes: { maxPerOrder?: number; maxPerUser?: number; unitPrice?: number } = {},
    ) {
      const organizer = await authority.user(['USER', 'ORGANIZER'])
      const event = eventInfo({ organizerId: organizer.userId })
      eventInfos.set(event.eventId, event)
      const { unitPrice = 5_000, ...limits } = changes
      const answer = await injectClient(app, ticketsRoutes, organizer.headers).createTicketType({
        body: {
          eventId: event.eventId,
          name: 'Standing',
          unitPrice: unitPrice as Minor,
          currency: 'EUR',
          quantity,
          ...limits,
        },
      })
      if (answer.status !== 201) throw new Error(`no type was made: ${answer.status}`)
      return { event, eventId: event.eventId, organizer, typeId: answer.body.ticketTypeId }
    },
    /**
     * A published event that sells all seats of its zones as one type. `rows`: number of seats by zone and
     * row; zones are numbered from 1, rows are A, B, …, seats 1, 2, …. Zones left out of `sold` are for other
     * types.
     */
    async offerSeats(
      rows: number[][],
      changes: { maxPerOrder?: number; maxPerUser?: number; sold?: number[] } = {},
    ) {
      const { sold = rows.map((_, index) => index + 1), ...limits } = changes
      const organizer = await this.user(['USER', 'ORGANIZER'])
      const event = this.addEvent({ organizerId: organizer.userId })
      const { eventId } = event
      const plan = planOf(eventId, rows)
      seatingPlans.set(eventId, plan)
      const answer = await organizer.client.createTicketType({
        body: {
          eventId,
          name: 'Stalls',
          unitPrice: 7_000 as Minor,
          currency: 'EUR',
          zoneIds: sold,
          ...limits,
        },
      })
      if (answer.status !== 201) throw new Error(`no type was made: ${JSON.stringify(answer)}`)
      return { event, eventId, organizer, plan, typeId: answer.body.ticketTypeId }
    },
    /** The seat map in Redis and in PostgreSQL. */
    async maps(eventId: EventId) {
      const cached = await deps.availabilityCache.map(eventId)
      return { redis: cached?.statuses, postgres: (await readStatuses(deps.db, eventId)).statuses }
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
    /** Loses an order's claim, as if the payment service had said that it is not being paid. */
    async loseClaim({ reservationId }: { reservationId: ReservationId }) {
      const reservation = await deps.db.transact(async (tx) => {
        const claimed = await lockReservation(tx, reservationId)
        if (!claimed) throw new Error('not reserved')
        await deps.releases.release(tx, claimed, 'PAYING')
        return claimed
      })
      await deps.availabilityCache.release([reservation])
    },
    /** The counters of a type in the database. */
    async counters(typeId: TicketTypeId) {
      const { rows } = await deps.pool.query(
        'select capacity, held, sold from ticket_type_counters where ticket_type_id = $1',
        [typeId],
      )
      return rows[0] as { capacity: number; held: number; sold: number }
    },
    async statusOf(reservationId: ReservationId): Promise<string> {
      const { rows } = await deps.pool.query('select status from reservations where reservation_id = $1', [
        reservationId,
      ])
      return rows[0]?.status
    },
    /** Expires a reservation in the database; Redis still counts it for a moment, as in reality. */
    async expire(reservationId: ReservationId) {
      const { rows } = await deps.pool.query(
        `update reservations set expires_at = clock_timestamp() - interval '1 second' where reservation_id = $1
         returning event_id`,
        [reservationId],
      )
      await redis.zadd(`tickets:{${rows[0]?.event_id}}:expiries`, 'XX', Date.now() + 3_000, reservationId)
    },
    async close() {
      await app.close()
      await deps.close()
      redis.disconnect()
      aws.close()
      await Promise.all([auth.close(), events.close(), payments.close()])
    },
  }
}
export type TestService = Awaited<ReturnType<typeof startService>>

export const eventInfo = (changes: Partial<EventInfo> = {}): EventInfo => ({
  eventId: newId<EventId>(),
  organizerId: newId<UserId>(),
  name: 'Łódź Jazz Night',
  description: '',
  eventDate: new Date(Date.now() + 48 * HOUR_MS),
  endDate: new Date(Date.now() + 52 * HOUR_MS),
  timeZone: 'Europe/Warsaw',
  venueId: newId<VenueId>(),
  venueName: 'Klub Wytwórnia',
  venueAddress: 'ul. Łąkowa 29, Łódź',
  category: 'MUSIC',
  status: 'PUBLISHED',
  createdAt: new Date(),
  updatedAt: new Date(),
  version: 2,
  ...changes,
})

/** A seating plan of zones with rows of so many seats. */
export const planOf = (eventId: EventId, rows: number[][]): SeatingPlan => ({
  eventId,
  planVersion: 1,
  seatCount: rows.flat().reduce((sum, seats) => sum + seats, 0),
  zones: rows.map((sizes, zone) => ({
    zoneId: zone + 1,
    name: `Zone ${zone + 1}`,
    rows: sizes.map((size, row) => ({
      rowLabel: row < 26 ? String.fromCharCode(65 + row) : `R${row}`,
      seats: Array.from({ length: size }, (_, col) => ({ colLabel: String(col + 1) })),
    })),
  })),
})

/** These seats of a type, and so many of its best, as requests name them. */
export const seats = (ticketTypeId: TicketTypeId, ...seatIds: string[]) => [
  { ticketTypeId, seatIds: seatIds as SeatId[] },
]
export const best = (ticketTypeId: TicketTypeId, quantity: number) => [
  { ticketTypeId, quantity, bestAvailable: true as const },
]

/** A quantity of a type, as requests name it. */
export const some = (ticketTypeId: TicketTypeId, quantity = 1) => [{ ticketTypeId, quantity }]

/** Reserves under new ids and claims at once for a new order, as the payment service does. */
export const reserveForOrder = (setting: TestService, eventId: EventId, typeId: TicketTypeId, quantity = 1) =>
  reserveFor(setting, eventId, some(typeId, quantity))
export async function reserveFor(
  setting: Pick<TestService, 'internal'>,
  eventId: EventId,
  ticketRequests: TicketRequest[],
) {
  const ids = { reservationId: newId<ReservationId>(), orderId: newId<OrderId>(), userId: newId<UserId>() }
  const answer = await setting.internal.reserve({ body: { ...ids, eventId, ticketRequests } })
  return { ...ids, answer }
}
