import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { type BaseConfig, baseConfig, baseEnvironment, Jwk, readEnvironment } from '@boxoffice/service-kit'
import type { JWK } from 'jose'
import { z } from 'zod'

const Address = z.email().max(254)
const Addresses = z
  .string()
  .transform((text) => text.split(',').map((address) => address.trim()))
  .pipe(z.array(Address).min(1).max(5))

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8084).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  EVENTS_URL: z.url().default('http://event-service.eventbooking.local:8081').describe('where the event service is'),
  TICKETS_URL: z.url().default('http://ticket-service.eventbooking.local:8082').describe('where the ticket service is'),
  PAYMENTS_URL: z.url().default('http://payment-service.eventbooking.local:8083').describe('where the payment service is'),
  AWS_SES_ENDPOINT: z.url().optional().describe("SES elsewhere than at AWS's own address"),
  NOTIFICATIONS_PRIVATE_KEY: Jwk.refine((key) => 'd' in key, 'must be the private half').describe(
    'JWK that opens the tokens that auth seals for mails: P-256 or X25519',
  ),
  FROM_EMAIL_ADDRESS: Address.describe('sender of every mail'),
  REPLY_TO_ADDRESSES: Addresses.optional().describe('where answers go, comma separated; to the sender where none is given'),
  MAIL_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(20).describe('mails that are worked on at once'),
  MAIL_LEASE_SECONDS: z.coerce.number().int().min(1).max(600).default(60).describe('after this a mail of a dead process is due'),
  MAIL_POLL_MS: z.coerce.number().int().min(50).default(1_000).describe('how often mails that are due are looked for, in ms'),
  MAIL_TIMEOUT_MS: z.coerce.number().int().min(100).max(30_000).default(10_000).describe('how long SES may take, in ms'),
  MAIL_ATTEMPTS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('a mail has failed after so many; the default is about a day of outage'),
})

export interface Config extends BaseConfig {
  messaging: MessagingConfig
  eventsUrl: string
  ticketsUrl: string
  paymentsUrl: string
  privateKey: JWK
  ses: { region: string; endpoint?: string; timeoutMs: number }
  sender: { from: string; replyTo: string[] }
  delivery: { concurrency: number; leaseMs: number; pollMs: number; attemptsMax: number }
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
    ses: { region: read.AWS_REGION, endpoint: read.AWS_SES_ENDPOINT, timeoutMs: read.MAIL_TIMEOUT_MS },
    sender: { from: read.FROM_EMAIL_ADDRESS, replyTo: read.REPLY_TO_ADDRESSES ?? [] },
    delivery: {
      concurrency: read.MAIL_CONCURRENCY,
      leaseMs: read.MAIL_LEASE_SECONDS * 1_000,
      pollMs: read.MAIL_POLL_MS,
      attemptsMax: read.MAIL_ATTEMPTS_MAX,
    },
  }
}
