import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { type BaseConfig, baseConfig, baseEnvironment, Jwk, Jwks, readEnvironment, SigningKey } from '@boxoffice/service-kit'
import type { JWK } from 'jose'
import { z } from 'zod'

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8080).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  TOKEN_PRIVATE_KEY: SigningKey.describe('Ed25519 JWK that signs access tokens, with its kid'),
  TOKEN_PREVIOUS_PUBLIC_KEYS: Jwks.optional().describe('JWKS of earlier keys whose tokens still count, while a key is replaced'),
  NOTIFICATIONS_PUBLIC_KEY: Jwk.refine((key) => !('d' in key), 'must be the public half alone').describe(
    'JWK for which tokens that go by mail are sealed: P-256 or X25519',
  ),
  ACCESS_TOKEN_TTL_SECONDS: z.coerce.number().int().min(60).max(600).default(600).describe('life of an access token'),
  REFRESH_TTL_DAYS: z.coerce.number().min(0.01).max(90).default(30).describe('life of a refresh token, from its rotation on'),
  REFRESH_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .max(10)
    .default(10)
    .describe('how long a used refresh token still gets its unused successor'),
  EMAIL_VERIFICATION_TTL_MINUTES: z.coerce.number().min(1).max(30).default(30).describe('life of the token in a welcome mail'),
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
}

/** The only reader of the environment. Throws with every missing or wrong variable named. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(Environment, environment)
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
  }
}
