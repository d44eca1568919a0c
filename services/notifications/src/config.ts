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

/** Whom this service calls, and the figures of the resilience table that it obeys for each. */
export const callees = {
  ...redisAlone,
  auth: everyFigure,
  events: everyFigure,
  payments: everyFigure,
  tickets: everyFigure,
  documents: everyFigure,
  // The notification's row is due again, MAIL_ATTEMPTS_MAX times; MAIL_TIMEOUT_MS is how long a call may
  // take.
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
    .describe('where the event service is'),
  TICKETS_URL: z
    .url()
    .default('http://ticket-service.eventbooking.local:8082')
    .describe('where the ticket service is'),
  PAYMENTS_URL: z
    .url()
    .default('http://payment-service.eventbooking.local:8083')
    .describe('where the payment service is'),
  AWS_SES_ENDPOINT: z.url().optional().describe("SES elsewhere than at AWS's own address"),
  NOTIFICATIONS_PRIVATE_KEY: secret(
    Jwk.refine((key) => 'd' in key, 'must be the private half').describe(
      'JWK that opens the tokens that auth seals for mails: P-256 or X25519',
    ),
  ),
  FROM_EMAIL_ADDRESS: Address.describe('sender of every mail'),
  REPLY_TO_ADDRESSES: Addresses.optional().describe(
    'where answers go, comma separated; to the sender where none is given',
  ),
  MAIL_CONFIGURATION_SET: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .describe('configuration set of SES, by which it tells what became of mails'),
  AWS_SMS_ENDPOINT: z.url().optional().describe("SNS for text messages elsewhere than at AWS's own address"),
  SMS_SENDER_ID: z
    .string()
    .regex(/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/, 'must be 1 to 11 letters and digits')
    .optional()
    .describe('sender that telephones show, where the country allows one'),
  VAPID_PRIVATE_KEY: secret(
    Jwk.refine(
      ({ kty, crv, d }) => kty === 'EC' && crv === 'P-256' && Boolean(d),
      'must be a private key on P-256',
    )
      .optional()
      .describe('JWK on P-256 by which push services know us; without it no pushes are sent'),
  ),
  PUSH_ADDRESSES: z
    .enum(['public', 'any'])
    .default('public')
    .describe('where push services may be; any: also on this machine and its networks, for tests'),
  EVENT_REMINDER_HOURS: z.coerce
    .number()
    .min(0)
    .max(720)
    .default(24)
    .describe('so long before an event whoever holds a ticket is reminded of it; 0: nobody is'),
  NOTIFICATION_TEMPLATES_DIR: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder of the operator's own templates (docs/templates.md); those of the service alone where none is named",
    ),
  DLQ_CHECK_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('how often dead-letter queues are looked at'),
  DEAD_LETTERS_KEEP_DAYS: z.coerce
    .number()
    .int()
    .min(14)
    .max(3_650)
    .default(365)
    .describe('how long a dead letter is remembered, whatever became of it'),
  MAIL_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('notifications that are worked on at once'),
  MAIL_BULK_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(20)
    .default(2)
    .describe('confirmations of very many tickets that are worked on at once, beside the others'),
  MAIL_BULK_TICKETS_MIN: z.coerce
    .number()
    .int()
    .min(2)
    .default(21)
    .describe('from so many tickets on a confirmation is one of those'),
  MAIL_SIZE_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(200_000)
    // "10 MB per message (after base64 encoding)" of the API that we use,
    // docs.aws.amazon.com/ses/latest/dg/quotas.html
    .max(10_000_000)
    .default(10_000_000)
    .describe(
      'how large a mail may be as it travels; where its tickets do not fit it carries a link. The most that SES takes',
    ),
  MAIL_LEASE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(600)
    .default(60)
    .describe('after this a notification of a dead process is due'),
  MAIL_POLL_MS: z.coerce
    .number()
    .int()
    .min(50)
    .default(1_000)
    .describe('how often what is due is looked for, in ms'),
  MAIL_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(10_000)
    .describe('how long SES, SNS for a text message, or a push service may take, in ms'),
  MAIL_UNPROVEN_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .describe(
      'mails that an address gets in 24 hours while nobody has proved it, those about its account aside; and text messages of a telephone',
    ),
  MAIL_BY_OTHERS_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .describe(
      'mails about tickets that others handed on, and as many about changed events and stopped tickets, that go to a user in 24 hours at once; more wait and are gathered',
    ),
  LOG_POLL_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(1_000)
    .describe('how often the logs of those who watch theirs are looked at, in ms'),
  MAIL_ATTEMPTS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('a notification has failed after so many; the default is about a day of outage'),
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

/** The only reader of the environment. Throws with every missing or wrong variable named. */
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
