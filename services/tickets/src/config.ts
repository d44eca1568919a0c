import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import {
  type BaseConfig,
  baseConfig,
  baseEnvironment,
  everyFigure,
  Jwks,
  PLANNED_ONCE,
  type PoliciesOf,
  readEnvironment,
  redisAlone,
  resilience,
  SigningKey,
  secret,
  withPassword,
} from '@boxoffice/service-kit'
import { z } from 'zod'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const seconds = (name: string, least: number, standard: number) =>
  z.coerce.number().int().min(least).max(86_400).default(standard).describe(name)
const perMinute = (standard: number) => z.coerce.number().int().min(1).default(standard)

/** The services that this one calls, with the row of the resilience table for each. */
export const callees = {
  ...redisAlone,
  auth: everyFigure,
  events: everyFigure,
  payments: everyFigure,
} as const

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8082).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  RESILIENCE: resilience(callees),
  REDIS_URL: z.url().describe('Redis of the availability cache; sales go on if it is unavailable'),
  EVENTS_URL: z
    .url()
    .default('http://event-service.eventbooking.local:8081')
    .describe('address of the event service'),
  PAYMENTS_URL: z
    .url()
    .default('http://payment-service.eventbooking.local:8083')
    .describe('address of the payment service'),
  TICKET_SIGNING_KEY: secret(SigningKey.describe("Ed25519 JWK that signs tickets' codes")),
  TICKET_PREVIOUS_PUBLIC_KEYS: Jwks.optional().describe(
    'JWKS of other keys whose codes admit: earlier ones, and the next one before it signs',
  ),
  HOLD_TTL_SECONDS: seconds('how long a reservation holds its places', 1, 900),
  HOLD_MAX_SECONDS: seconds(
    'longest that a reservation can last with its extensions, from when it was made; ' +
      'at least HOLD_TTL_SECONDS',
    1,
    2_700,
  ),
  // Longer than PAYMENT_UNKNOWN_LIMIT_SECONDS of the payment service: a claim must outlive its payment.
  CLAIM_TTL_SECONDS: seconds(
    'how long a claimed reservation waits for its payment before its order is checked with the payment ' +
      'service',
    1,
    1_920,
  ),
  LIVE_RESERVATIONS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(3)
    .describe('live reservations per user and event'),
  TYPES_PER_EVENT_MAX: z.coerce.number().int().min(1).default(100).describe('ticket types per event'),
  OFFER_CACHE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(1_000)
    .describe('how long the offer of an event is cached'),
  SEAT_MAP_CACHE_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(250)
    .describe('how long each process caches a seat map'),
  TRANSFERS_PER_HOUR_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('tickets that a user may transfer within an hour'),
  OFFERS_TO_ADDRESS_PER_DAY_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .describe('tickets that may be offered to one mail address within a day, by all senders together'),
  HOLDS_WAITING_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(5_000)
    .describe(
      'longest queue in a process, per kind of request, for Redis or the database; ' +
        'beyond it requests are refused with 503',
    ),
  SEAT_MUTEX_WAIT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(5_000)
    .describe('longest wait for the mutex of an event to choose the best seats'),
  PRINTS_PER_USER_MAX: perMinute(60).describe(
    'ticket PDFs that a process makes for downloads of one user within a minute',
  ),
  PRINTS_PER_ADDRESS_MAX: perMinute(300).describe(
    'the same for one IP address or IPv6 /64 network; a cached PDF is not counted again',
  ),
  ORDER_PDF_PAGES_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_000)
    .default(500)
    .describe('most tickets of an order that are put into one PDF; a mail about more has a link'),
  ORDER_PDF_KEEP_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(240)
    .default(48)
    .describe('how long the PDF of a large order is kept; longer than its mail is retried'),
  EXPIRY_SWEEP_SECONDS: seconds('interval of the sweep over expired reservations', 1, 60),
  RECONCILE_SECONDS: seconds('interval of the reconciliation of the availability cache', 1, 15),
  // At least two: a hold can last for a day, and its keys must outlive it.
  AVAILABILITY_CACHE_DAYS: z.coerce
    .number()
    .int()
    .min(2)
    .max(365)
    .default(7)
    .describe('how long Redis caches an event after its last use'),
})

export interface Config extends BaseConfig {
  policies: PoliciesOf<typeof callees>
  messaging: MessagingConfig
  redisUrl: string
  eventsUrl: string
  paymentsUrl: string
  ticketSigningKey: z.output<typeof SigningKey>
  ticketPreviousPublicKeys: z.output<typeof Jwks>['keys']
  holdTtlSeconds: number
  holdMaxSeconds: number
  claimTtlSeconds: number
  liveReservationsMax: number
  typesPerEventMax: number
  offerCacheMs: number
  seatMapCacheMs: number
  transfersPerHourMax: number
  offersToAddressMax: number
  holdsWaitingMax: number
  seatMutexWaitMs: number
  printsPerMinuteMax: { user: number; address: number }
  orderPdfPagesMax: number
  orderPdfKeepMs: number
  expirySweepMs: number
  reconcileMs: number
  availabilityCacheTtlMs: number
}

/** Reads the environment. Throws one error that names every missing or invalid variable. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const env = readEnvironment(Environment, environment)
  return {
    ...baseConfig('ticket-service', env),
    databaseSettings: PLANNED_ONCE,
    messaging: messagingConfig(env),
    redisUrl: withPassword(env.REDIS_URL, env.REDIS_PASSWORD),
    eventsUrl: env.EVENTS_URL,
    paymentsUrl: env.PAYMENTS_URL,
    ticketSigningKey: env.TICKET_SIGNING_KEY,
    ticketPreviousPublicKeys: env.TICKET_PREVIOUS_PUBLIC_KEYS?.keys ?? [],
    holdTtlSeconds: env.HOLD_TTL_SECONDS,
    holdMaxSeconds: Math.max(env.HOLD_MAX_SECONDS, env.HOLD_TTL_SECONDS),
    claimTtlSeconds: env.CLAIM_TTL_SECONDS,
    liveReservationsMax: env.LIVE_RESERVATIONS_MAX,
    typesPerEventMax: env.TYPES_PER_EVENT_MAX,
    offerCacheMs: env.OFFER_CACHE_MS,
    seatMapCacheMs: env.SEAT_MAP_CACHE_MS,
    transfersPerHourMax: env.TRANSFERS_PER_HOUR_MAX,
    offersToAddressMax: env.OFFERS_TO_ADDRESS_PER_DAY_MAX,
    holdsWaitingMax: env.HOLDS_WAITING_MAX,
    seatMutexWaitMs: env.SEAT_MUTEX_WAIT_MS,
    printsPerMinuteMax: { user: env.PRINTS_PER_USER_MAX, address: env.PRINTS_PER_ADDRESS_MAX },
    orderPdfPagesMax: env.ORDER_PDF_PAGES_MAX,
    orderPdfKeepMs: env.ORDER_PDF_KEEP_HOURS * HOUR_MS,
    expirySweepMs: env.EXPIRY_SWEEP_SECONDS * 1_000,
    reconcileMs: env.RECONCILE_SECONDS * 1_000,
    availabilityCacheTtlMs: env.AVAILABILITY_CACHE_DAYS * DAY_MS,
  }
}
