import { createPrivateKey } from 'node:crypto'
import type { User } from '@boxoffice/contracts'
import { ACCESS_TOKEN_AUDIENCE } from '@boxoffice/service-kit'
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey, SignJWT } from 'jose'

/** A public Ed25519 key as the JWKS shows it. */
export interface PublicKey {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  alg: 'EdDSA'
  use: 'sig'
}

export interface AccessTokens {
  /** A token for `ttlMs`, and that time in seconds. */
  issue(
    user: Pick<User, 'userId' | 'email' | 'emailVerified' | 'roles'>,
    sessionId: string,
  ): Promise<{ accessToken: string; expiresIn: number }>
  /** What verifies our tokens, the current key first. */
  readonly jwks: { readonly keys: PublicKey[] }
  /** The same, for our own verification. */
  readonly keys: JWTVerifyGetKey
}

/**
 * Access tokens: EdDSA JWTs (`typ` at+jwt, RFC 9068) that every service verifies by itself. While a key is
 * replaced, the public half of the earlier one stays among `previousPublicKeys` until its last token has
 * ended.
 */
export function createAccessTokens(options: {
  privateKey: JWK & { kid: string }
  previousPublicKeys: readonly JWK[]
  issuer: string
  ttlMs: number
  now: () => Date
}): AccessTokens {
  const { privateKey, issuer, ttlMs, now } = options
  const signingKey = createPrivateKey({ key: privateKey, format: 'jwk' })
  const jwks = { keys: [privateKey, ...options.previousPublicKeys].map(toPublicKey) }
  return {
    jwks,
    keys: createLocalJWKSet(jwks),
    async issue({ userId, email, emailVerified, roles }, sessionId) {
      const issuedAt = Math.floor(now().getTime() / 1_000)
      const expiresIn = Math.floor(ttlMs / 1_000)
      const accessToken = await new SignJWT({ email, email_verified: emailVerified, sid: sessionId, roles })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: privateKey.kid })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(ACCESS_TOKEN_AUDIENCE)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresIn)
        .sign(signingKey)
      return { accessToken, expiresIn }
    },
  }
}

/** Only what a verifier needs, whatever else the key carries: above all not its private half. */
function toPublicKey({ kty, crv, x, kid }: JWK): PublicKey {
  if (kty !== 'OKP' || crv !== 'Ed25519' || !x || !kid)
    throw new Error('a key of access tokens must be Ed25519 and have a kid')
  return { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }
}
