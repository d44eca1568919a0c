import { randomUUID } from 'node:crypto'
import {
  type Caller,
  type Currency,
  type MessageDefinition,
  type Minor,
  notificationsDeadLetterRoutes,
  notificationsInternalRoutes,
  notificationsOperatorRoutes,
  notificationsPushRoutes,
  notificationsRoutes,
  notificationsSuppressionRoutes,
  type OrderId,
  type Payload,
  type paymentFailed,
  type ReservationId,
  type Ticket,
  type TicketId,
  type TicketTypeId,
  type ticketsGenerated,
  topics,
  type UserInfo,
  type userCreated,
  type VenueId,
} from '@boxoffice/contracts'
import { createOutbox } from '@boxoffice/messaging'
import { createProbe, publishRaw } from '@boxoffice/messaging/testing'
import { closeService, createTestQueues, prepareService } from '@boxoffice/messaging/testing-service'
import { injectClient, patientPolicies, scaledMs } from '@boxoffice/service-kit/testing'
import { claimPort, measured } from '@boxoffice/testing'
import { CompactEncrypt, exportJWK, generateKeyPair } from 'jose'
import { buildApp } from '../src/app.ts'
import { callees, loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { readTemplates } from '../src/templates/read-templates.ts'
import { buildWorkers } from '../src/workers.ts'
import { startFakePush } from './fake-push.ts'
import { startFakeSes } from './fake-ses.ts'
import { startFakeSms } from './fake-sms.ts'
import { createWorld, startPeers } from './peers.ts'

/**
 * The notification service with its own database and queues; SES and the other services are stubs on ports of
 * their own.
 */
export const startService = (overrides: Record<string, string> = {}) =>
  measured('servers', () => start(overrides))

const p256 = () => generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })

async function start(overrides: Record<string, string>) {
  const base = await prepareService('notifications')
  const { authority } = base
  const world = createWorld()
  const [peers, ses, sms, pushes] = await Promise.all([
    startPeers(world),
    startFakeSes(),
    startFakeSms(),
    startFakePush(),
  ])
  const [mailKey, pushKey] = await Promise.all([p256(), p256()])
  const environment: Record<string, string> = {
    ...base.environment,
    ...peers.environment,
    PORT: String(await claimPort()),
    PUBLIC_URL: 'https://boxoffice.example',
    AWS_SES_ENDPOINT: ses.url,
    AWS_SMS_ENDPOINT: sms.url,
    SMS_SENDER_ID: 'Boxoffice',
    NOTIFICATIONS_PRIVATE_KEY: JSON.stringify(await exportJWK(mailKey.privateKey)),
    VAPID_PRIVATE_KEY: JSON.stringify(await exportJWK(pushKey.privateKey)),
    PUSH_ADDRESSES: 'any',
    FROM_EMAIL_ADDRESS: 'tickets@boxoffice.example',
    MAIL_CONFIGURATION_SET: 'boxoffice-mails',
    REPLY_TO_ADDRESSES: 'help@boxoffice.example, desk@boxoffice.example',
    MAIL_POLL_MS: '50',
    LOG_POLL_MS: '50',
    // What only a machine that is slow could reach: leases that are to end are ended by the test.
    MAIL_LEASE_SECONDS: '600',
    MAIL_TIMEOUT_MS: String(Math.min(120_000, scaledMs(60_000))),
    RESILIENCE: patientPolicies(callees),
    ...overrides,
  }
  const config = loadConfig(environment)
  const aws = await createTestQueues(config.messaging)
  const probe = await createProbe(aws, ['ticket-events', 'ops-alerts', 'notification-events'])
  const deps = createDependencies(config, authority.userKeys, await readTemplates(config.templatesDir))
  const app = buildApp(deps)
  const appendAny = createOutbox({ ...deps, relay: deps.messaging.relay, topics })
  const workers = buildWorkers(deps)
  const [relay, ...others] = workers
  relay?.start()
  const processes: { kill(): Promise<unknown> }[] = []
  let working = false

  return {
    authority,
    environment,
    config,
    deps,
    app,
    ses,
    sms,
    pushes,
    world,
    probe,
    aws,
    /** Processes that end with this. */
    processes,
    /** Begin to consume and to send. */
    work() {
      working = true
      for (const worker of others) worker.start()
    },
    client: (headers: Record<string, string>) =>
      injectClient(
        app,
        {
          ...notificationsRoutes,
          ...notificationsPushRoutes,
          ...notificationsDeadLetterRoutes,
          ...notificationsSuppressionRoutes,
          ...notificationsOperatorRoutes,
        },
        headers,
      ),
    /** The internal routes, as another service calls them. */
    as: async (service: Caller, headers: Record<string, string> = {}) =>
      injectClient(app, notificationsInternalRoutes, {
        ...(await authority.service(service, 'notification-service')),
        ...headers,
      }),
    /** What another service says, through its topic and our queue. */
    publish: <D extends MessageDefinition>(definition: D, payload: Payload<D>, aggregateVersion = 1) =>
      deps.db.transact((tx) => appendAny(tx, definition, payload, { aggregateVersion })),
    /** What SES says of a mail, through its topic and our queue. */
    sendFeedback: (event: object | string) =>
      publishRaw(aws, 'mail-feedback', typeof event === 'string' ? event : JSON.stringify(event)),
    seal: (token: string) =>
      new CompactEncrypt(new TextEncoder().encode(token))
        .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' })
        .encrypt(mailKey.publicKey),
    /** A user whom the auth service knows. */
    async user(about: Partial<UserInfo> = {}) {
      const { userId, headers } = await authority.user()
      const user: UserInfo = {
        userId,
        email: `${randomUUID().slice(0, 8)}@customers.example`,
        firstName: 'Zofia',
        lastName: 'Łącka',
        locale: 'pl',
        emailVerified: true,
        createdAt: new Date(),
        ...about,
      }
      world.users.set(userId, user)
      return { ...user, headers }
    },
    /** Leases are waited for as they would be, but shorter. */
    endLeases: () =>
      deps.pool.query("update notifications set leased_until = clock_timestamp() - interval '1 second'"),
    rows: async (recipientId: string) =>
      deps.db.prisma.notification.findMany({ where: { recipientId }, orderBy: { createdAt: 'asc' } }),
    /** How many messages of a type the consumer has taken off the queue with this outcome. */
    async consumed(eventType: string, outcome: 'done' | 'duplicate' | 'dead') {
      const metric = await deps.metrics.messagesConsumed.get()
      const of = metric.values.find(
        ({ labels }) => labels.event_type === eventType && labels.outcome === outcome,
      )
      return of?.value ?? 0
    },
    stop: () =>
      closeService({
        servers: [() => app.close(), ...processes.map(({ kill }) => kill)],
        workers: working ? workers : workers.slice(0, 1),
        probe,
        deps,
        aws,
        stubs: [ses.stop, sms.stop, pushes.stop, peers.close],
      }),
  }
}
export type TestService = Awaited<ReturnType<typeof startService>>
type User = Pick<UserInfo, 'userId' | 'email' | 'firstName' | 'lastName' | 'locale'>

/** TICKETS_GENERATED's payload for `count` tickets of a user, which the ticket service knows too. */
export function generatedFor(
  { userId }: User,
  { world }: TestService,
  count = 2,
): Payload<typeof ticketsGenerated> {
  const generated = {
    orderId: randomUUID() as OrderId,
    userId,
    eventId: world.event.eventId,
    venueId: randomUUID() as VenueId,
    part: 1,
    parts: 1,
    reservationId: randomUUID() as ReservationId,
    tickets: Array.from({ length: count }, (_, index) => ({
      ticketId: randomUUID() as TicketId,
      ticketNumber: `TKT-2026-${String(index + 1).padStart(6, '0')}`,
      qrCode: 'https://boxoffice.example/qr',
      ticketTypeId: randomUUID() as TicketTypeId,
      ticketTypeName: 'Karnet <weekend>',
      unitPrice: 5_025 as Minor,
      currency: 'EUR' as Currency,
      holderName: 'Αλέξανδρος Παπαδόπουλος',
    })),
  }
  world.orders.set(generated.orderId, generated.tickets)
  return generated
}

/** PAYMENT_FAILED's payload for a user. */
export const failedFor = ({ userId }: User, { world }: TestService): Payload<typeof paymentFailed> => ({
  orderId: randomUUID() as OrderId,
  orderNumber: 'ORD-2026-009876',
  userId,
  eventId: world.event.eventId,
  reservationId: randomUUID() as ReservationId,
  failureReason: 'CARD_DECLINED',
  errorMessage: 'Your card was declined.',
  retryable: false,
  totalAmount: 10_050 as Minor,
  currency: 'EUR' as Currency,
})

/** A ticket as the ticket service shows it, one of those that were generated. */
export const ticketOf = (
  generated: Payload<typeof ticketsGenerated>,
  index: number,
  about: Partial<Ticket> = {},
): Ticket => {
  const { ticketId, ticketNumber, ticketTypeId, qrCode, holderName } = generated.tickets[
    index
  ] as (typeof generated.tickets)[0]
  const { orderId, eventId } = generated
  const ticket = { ticketId, ticketNumber, ticketTypeId, qrCode, holderName, orderId, eventId }
  return { ...ticket, status: 'ACTIVE', createdAt: new Date(), ...about }
}

/** USER_CREATED's payload, with a token that ends when it is said to. */
export const createdFor = (
  { userId, email, firstName, lastName, locale }: User,
  sealedToken: string,
  tokenExpiresAt = new Date(Date.now() + 1_800_000),
): Payload<typeof userCreated> => ({
  userId,
  email,
  firstName,
  lastName,
  locale,
  sealedToken,
  tokenExpiresAt,
  createdAt: new Date(),
})
