import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import {
  type BaseConfig,
  baseConfig,
  baseEnvironment,
  everyFigure,
  Jwk,
  type PoliciesOf,
  readEnvironment,
  redisAlone,
  resilience,
  secret,
} from '@boxoffice/service-kit'
import type { JWK } from 'jose'
import { z } from 'zod'
import { type Vapid, vapidOf } from './push/vapid.ts'

const Address = z.email().max(254)
const Addresses = z
  .string()
  .transform((text) => text.split(',').map((address) => address.trim()))
  .pipe(z.array(Address).min(1).max(5))

const DAY_MS = 86_400_000

/** The services that this one calls, and the settings of the resilience table that apply to each. */
export const callees = {
  ...redisAlone,
  auth: everyFigure,
  events: everyFigure,
  payments: everyFigure,
  tickets: everyFigure,
  documents: everyFigure,
  // The notification's row is retried up to MAIL_ATTEMPTS_MAX times; MAIL_TIMEOUT_MS limits one call.
  mail: ['firstWait', 'bulkhead', 'ratePerSecond'],
  sms: ['firstWait', 'bulkhead', 'ratePerSecond'],
  push: ['firstWait', 'bulkhead', 'ratePerSecond'],
  pushElsewhere: ['bulkhead', 'ratePerSecond'],
} as const

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8084).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  RESILIENCE: resilience(callees),
  EVENTS_URL: z
    .url()
    .default('http://event-service.eventbooking.local:8081')
    .describe('address of the event service'),
  TICKETS_URL: z
    .url()
    .default('http://ticket-service.eventbooking.local:8082')
    .describe('address of the ticket service'),
  PAYMENTS_URL: z
    .url()
    .default('http://payment-service.eventbooking.local:8083')
    .describe('address of the payment service'),
  AWS_SES_ENDPOINT: z.url().optional().describe('SES endpoint in place of the one of AWS'),
  NOTIFICATIONS_PRIVATE_KEY: secret(
    Jwk.refine((key) => 'd' in key, 'must be the private half').describe(
      'JWK that opens the tokens that auth seals for mails: P-256 or X25519',
    ),
  ),
  FROM_EMAIL_ADDRESS: Address.describe('sender of every mail'),
  REPLY_TO_ADDRESSES: Addresses.optional().describe(
    'addresses for replies, comma separated; the sender by default',
  ),
  MAIL_CONFIGURATION_SET: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .describe('configuration set of SES that publishes delivery events'),
  AWS_SMS_ENDPOINT: z.url().optional().describe('SNS endpoint for text messages in place of the one of AWS'),
  SMS_SENDER_ID: z
    .string()
    .regex(/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/, 'must be 1 to 11 letters and digits')
    .optional()
    .describe('sender ID that telephones show, where the country allows one'),
  VAPID_PRIVATE_KEY: secret(
    Jwk.refine(
      ({ kty, crv, d }) => kty === 'EC' && crv === 'P-256' && Boolean(d),
      'must be a private key on P-256',
    )
      .optional()
      .describe('JWK on P-256 that identifies us to push services; no pushes are sent if it is unset'),
  ),
  PUSH_ADDRESSES: z
    .enum(['public', 'any'])
    .default('public')
    .describe('allowed addresses of push services; any: also local and private networks, for tests'),
  EVENT_REMINDER_HOURS: z.coerce
    .number()
    .min(0)
    .max(720)
    .default(24)
    .describe('hours before an event at which ticket holders are reminded; 0: no reminders'),
  NOTIFICATION_TEMPLATES_DIR: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder of the operator's own templates (docs/templates.md); if unset, only the built-in ones are used",
    ),
  DLQ_CHECK_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('interval between checks of the dead-letter queues'),
  DEAD_LETTERS_KEEP_DAYS: z.coerce
    .number()
    .int()
    .min(14)
    .max(3_650)
    .default(365)
    .describe('how long dead letters stay in the archive, redriven or not'),
  MAIL_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('notifications sent concurrently'),
  MAIL_BULK_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(20)
    .default(2)
    .describe('confirmations with very many tickets sent concurrently, in addition to the others'),
  MAIL_BULK_TICKETS_MIN: z.coerce
    .number()
    .int()
    .min(2)
    .default(21)
    .describe('tickets from which a confirmation counts as one with very many'),
  MAIL_SIZE_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(200_000)
    // "10 MB per message (after base64 encoding)" of the API that we use,
    // docs.aws.amazon.com/ses/latest/dg/quotas.html
    .max(10_000_000)
    .default(10_000_000)
    .describe(
      'maximum size of an encoded mail; tickets that do not fit are replaced by a link. ' +
        'The default is the limit of SES',
    ),
  MAIL_LEASE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(600)
    .default(60)
    .describe('lease of a notification, after which one of a dead process is due again'),
  MAIL_POLL_MS: z.coerce
    .number()
    .int()
    .min(50)
    .default(1_000)
    .describe('poll interval for due notifications, in ms'),
  MAIL_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(10_000)
    .describe('timeout of calls to SES, SNS and push services, in ms'),
  MAIL_UNPROVEN_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .describe(
      'limit of mails in 24 hours to an unconfirmed address, except account mails; ' +
        'and of text messages to a telephone',
    ),
  MAIL_BY_OTHERS_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .describe(
      'mails about received tickets, and as many about changed events and stopped tickets, ' +
        'that a user gets immediately in 24 hours; more are delayed and merged',
    ),
  LOG_POLL_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(1_000)
    .describe('poll interval for notification logs that are being watched, in ms'),
  MAIL_ATTEMPTS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('attempts after which a notification fails; the default covers about a day of outage'),
})

export interface Config extends BaseConfig {
  policies: PoliciesOf<typeof callees>
  messaging: MessagingConfig
  eventsUrl: string
  ticketsUrl: string
  paymentsUrl: string
  privateKey: JWK
  ses: { region: string; endpoint?: string; timeoutMs: number; configurationSet?: string }
  sms: { region: string; endpoint?: string; timeoutMs: number; senderId?: string }
  push: { vapid: Vapid | null; timeoutMs: number; privateAddresses: boolean }
  reminderLeadMs: number
  sender: { from: string; replyTo: string[] }
  templatesDir: string | null
  deadLetters: { checkMs: number; keepMs: number }
  logPollMs: number
  mailBytesMax: number
  bulkTicketsMin: number
  delivery: {
    concurrency: number
    bulkConcurrency: number
    leaseMs: number
    pollMs: number
    attemptsMax: number
    unprovenMax: number
    byOthersMax: number
  }
}

/** Reads the environment; nothing else does. Throws with every missing or invalid variable named. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(Environment, environment)
  return {
    ...baseConfig('notification-service', read),
    messaging: messagingConfig(read),
    eventsUrl: read.EVENTS_URL,
    ticketsUrl: read.TICKETS_URL,
    paymentsUrl: read.PAYMENTS_URL,
    privateKey: read.NOTIFICATIONS_PRIVATE_KEY,
    ses: {
      region: read.AWS_REGION,
      endpoint: read.AWS_SES_ENDPOINT,
      timeoutMs: read.MAIL_TIMEOUT_MS,
      configurationSet: read.MAIL_CONFIGURATION_SET,
    },
    sms: {
      region: read.AWS_REGION,
      endpoint: read.AWS_SMS_ENDPOINT,
      timeoutMs: read.MAIL_TIMEOUT_MS,
      senderId: read.SMS_SENDER_ID,
    },
    push: {
      vapid: read.VAPID_PRIVATE_KEY
        ? vapidOf(read.VAPID_PRIVATE_KEY, read.REPLY_TO_ADDRESSES?.[0] ?? read.FROM_EMAIL_ADDRESS)
        : null,
      timeoutMs: read.MAIL_TIMEOUT_MS,
      privateAddresses: read.PUSH_ADDRESSES === 'any',
    },
    reminderLeadMs: read.EVENT_REMINDER_HOURS * 3_600_000,
    logPollMs: read.LOG_POLL_MS,
    templatesDir: read.NOTIFICATION_TEMPLATES_DIR ?? null,
    deadLetters: { checkMs: read.DLQ_CHECK_SECONDS * 1_000, keepMs: read.DEAD_LETTERS_KEEP_DAYS * DAY_MS },
    sender: { from: read.FROM_EMAIL_ADDRESS, replyTo: read.REPLY_TO_ADDRESSES ?? [] },
    mailBytesMax: read.MAIL_SIZE_MAX_BYTES,
    bulkTicketsMin: read.MAIL_BULK_TICKETS_MIN,
    delivery: {
      concurrency: read.MAIL_CONCURRENCY,
      bulkConcurrency: read.MAIL_BULK_CONCURRENCY,
      leaseMs: read.MAIL_LEASE_SECONDS * 1_000,
      pollMs: read.MAIL_POLL_MS,
      attemptsMax: read.MAIL_ATTEMPTS_MAX,
      unprovenMax: read.MAIL_UNPROVEN_PER_DAY,
      byOthersMax: read.MAIL_BY_OTHERS_PER_DAY,
    },
  }
}
