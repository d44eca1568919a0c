import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import {
  type BaseConfig,
  baseConfig,
  baseEnvironment,
  Jwk,
  Jwks,
  readEnvironment,
  SigningKey,
  secret,
} from '@boxoffice/service-kit'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { Limits } from './limits/limits.ts'
import type { MailLimits } from './mailed-tokens/may-mail.ts'

const HOUR_MS = 3_600_000
const count = z.coerce.number().int().min(1)

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8080).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  TOKEN_PRIVATE_KEY: secret(SigningKey.describe('Ed25519 JWK that signs access tokens, with its kid')),
  TOKEN_PREVIOUS_PUBLIC_KEYS: Jwks.optional().describe(
    'JWKS of earlier keys whose tokens are still valid during a key rotation',
  ),
  NOTIFICATIONS_PUBLIC_KEY: Jwk.refine((key) => !('d' in key), 'must be the public half alone').describe(
    'JWK for which mailed tokens are encrypted: P-256 or X25519',
  ),
  ACCESS_TOKEN_TTL_SECONDS: z.coerce
    .number()
    .int()
    .min(60)
    .max(600)
    .default(600)
    .describe('lifetime of an access token'),
  REFRESH_TTL_DAYS: z.coerce
    .number()
    .min(0.01)
    .max(90)
    .default(30)
    .describe('lifetime of a refresh token after its rotation'),
  REFRESH_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .max(10)
    .default(10)
    .describe('grace period in which a used refresh token still returns its unused successor'),
  EMAIL_VERIFICATION_TTL_MINUTES: z.coerce
    .number()
    .min(1)
    .max(30)
    .default(30)
    .describe('lifetime of a token that confirms an address'),
  PASSWORD_RESET_TTL_MINUTES: z.coerce
    .number()
    .min(1)
    .max(30)
    .default(30)
    .describe('lifetime of a token that sets a password'),
  MAIL_INTERVAL_SECONDS: z.coerce
    .number()
    .min(0)
    .default(60)
    .describe('minimum interval between mails of one kind to an account'),
  MAILS_PER_HOUR: count.default(5).describe('limit of mails of one kind to an account per hour'),
  MAILS_PER_DAY: count.default(10).describe('limit of mails of one kind to an account per day'),
  LOGIN_FAILURES_PER_ACCOUNT: count
    .default(10)
    .describe('limit of failed sign-ins of one account from one IP address per window'),
  LOGIN_FAILURES_PER_ACCOUNT_ANYWHERE: count
    .default(100)
    .describe(
      'limit of failed sign-ins of one account per window; not applied to networks it was used from in ' +
        'the last 30 days',
    ),
  LOGIN_FAILURES_PER_NETWORK: count
    .default(50)
    .describe('limit of failed sign-ins from one IP address per window'),
  LOGIN_WINDOW_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(900)
    .describe('length of the window, which starts with the first failure'),
  REGISTRATIONS_PER_NETWORK: count
    .default(100)
    .describe('limit of registrations from one IP address per hour'),
  MAIL_REQUESTS_PER_NETWORK: count
    .default(50)
    .describe('limit of requests for a mail from one IP address per hour'),
})

export interface Config extends BaseConfig {
  messaging: MessagingConfig
  tokenPrivateKey: JWK & { kid: string }
  tokenPreviousPublicKeys: JWK[]
  notificationsPublicKey: JWK
  accessTokenTtlMs: number
  refreshTtlMs: number
  refreshGraceMs: number
  emailVerificationTtlMs: number
  passwordResetTtlMs: number
  mails: MailLimits
  limits: Limits
}

/** Reads the environment; nothing else does. Throws with every missing or invalid variable named. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(Environment, environment)
  const windowMs = read.LOGIN_WINDOW_SECONDS * 1_000
  return {
    ...baseConfig('auth-service', read),
    messaging: messagingConfig(read),
    tokenPrivateKey: read.TOKEN_PRIVATE_KEY,
    tokenPreviousPublicKeys: read.TOKEN_PREVIOUS_PUBLIC_KEYS?.keys ?? [],
    notificationsPublicKey: read.NOTIFICATIONS_PUBLIC_KEY,
    accessTokenTtlMs: read.ACCESS_TOKEN_TTL_SECONDS * 1_000,
    refreshTtlMs: read.REFRESH_TTL_DAYS * 86_400_000,
    refreshGraceMs: read.REFRESH_GRACE_SECONDS * 1_000,
    emailVerificationTtlMs: read.EMAIL_VERIFICATION_TTL_MINUTES * 60_000,
    passwordResetTtlMs: read.PASSWORD_RESET_TTL_MINUTES * 60_000,
    mails: {
      intervalMs: read.MAIL_INTERVAL_SECONDS * 1_000,
      perHour: read.MAILS_PER_HOUR,
      perDay: read.MAILS_PER_DAY,
    },
    limits: {
      LOGIN_OF_ACCOUNT: { max: read.LOGIN_FAILURES_PER_ACCOUNT_ANYWHERE, windowMs },
      LOGIN_OF_ACCOUNT_FROM_NETWORK: { max: read.LOGIN_FAILURES_PER_ACCOUNT, windowMs },
      LOGIN_FROM_NETWORK: { max: read.LOGIN_FAILURES_PER_NETWORK, windowMs },
      REGISTRATION_FROM_NETWORK: { max: read.REGISTRATIONS_PER_NETWORK, windowMs: HOUR_MS },
      MAIL_FROM_NETWORK: { max: read.MAIL_REQUESTS_PER_NETWORK, windowMs: HOUR_MS },
    },
  }
}
