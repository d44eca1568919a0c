import { createPrivateKey } from 'node:crypto'
import type { User } from '@boxoffice/contracts'
import { ACCESS_TOKEN_AUDIENCE } from '@boxoffice/service-kit'
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey, SignJWT } from 'jose'

/** A public Ed25519 key in the JWKS. */
export interface PublicKey {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  alg: 'EdDSA'
  use: 'sig'
}

export interface AccessTokens {
  /** Issues a token for `ttlMs`, and returns that lifetime in seconds. */
  issue(
    user: Pick<User, 'userId' | 'email' | 'emailVerified' | 'roles'>,
    sessionId: string,
  ): Promise<{ accessToken: string; expiresIn: number }>
  /** The keys that verify our tokens, the current one first. */
  readonly jwks: { readonly keys: PublicKey[] }
  /** The same, for verification in this service. */
  readonly keys: JWTVerifyGetKey
}

/**
 * Creates access tokens: EdDSA JWTs (`typ` at+jwt, RFC 9068) that every service verifies itself. During a key
 * rotation, the old public key stays in `previousPublicKeys` until its last token has expired.
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

/** Selects what a verifier needs, in particular not the private half. */
function toPublicKey({ kty, crv, x, kid }: JWK): PublicKey {
  if (kty !== 'OKP' || crv !== 'Ed25519' || !x || !kid)
    throw new Error('a key of access tokens must be Ed25519 and have a kid')
  return { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }
}
