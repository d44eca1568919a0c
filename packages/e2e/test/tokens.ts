import { randomUUID } from 'node:crypto'
import type { Caller, Role, ServiceKey, User } from '@boxoffice/contracts'
import { createServiceIdentity } from '@boxoffice/service-kit'
import { exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import type { TestSystem } from './start.ts'

interface Change {
  roles?: Role[]
  audience?: string
  /** In jose's format: `10m`, `-1m`. */
  expires?: string
  /** When it was signed, relative to now. */
  issuedInSeconds?: number
  alg?: string
  key?: Parameters<SignJWT['sign']>[0]
}

/** Signs an access token as the auth service would, with optional changes. */
export async function signToken(
  running: TestSystem,
  user: Pick<User, 'userId' | 'email' | 'roles'>,
  change: Change = {},
) {
  const jwk = tokenKeyOf(running)
  const key = change.key ?? ((await importJWK(jwk, 'EdDSA')) as never)
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    email: user.email,
    email_verified: true,
    sid: randomUUID(),
    roles: change.roles ?? user.roles,
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: change.alg ?? 'EdDSA', kid: jwk.kid, typ: 'at+jwt' })
    .setSubject(user.userId)
    .setIssuer('boxoffice')
    .setAudience(change.audience ?? 'boxoffice')
    .setIssuedAt(now + (change.issuedInSeconds ?? 0))
    .setExpirationTime(change.expires ?? now + 600)
    .sign(key)
}

/** Returns `Authorization` headers that look valid for this user but must be refused, by fault. */
export async function badTokens(running: TestSystem, user: Pick<User, 'userId' | 'email' | 'roles'>) {
  const { d: _, ...publicJwk } = tokenKeyOf(running)
  const pem = new TextEncoder().encode(await exportSPKI((await importJWK(publicJwk, 'EdDSA')) as never))
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const ofPayments = await serviceToken(running, 'notifications', 'payment-service')
  const sign = async (change: Change) => `Bearer ${await signToken(running, user, change)}`
  return {
    'signed with the public key as HS256': await sign({ alg: 'HS256', key: pem }),
    'signed with another key': await sign({ key: privateKey }),
    'valid for a year, though signed with our key': await sign({ expires: '1y' }),
    'issued in the future': await sign({ issuedInSeconds: 300, expires: '10m' }),
    'for another audience': await sign({ audience: 'payment-service' }),
    'without a signature': `Bearer ${unsigned(user)}`,
    'of a service': `Bearer ${ofPayments}`,
    'of a service, with its own scheme': `Service-Token ${ofPayments}`,
  }
}

function unsigned(user: Pick<User, 'userId' | 'email' | 'roles'>): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const exp = Math.floor(Date.now() / 1_000) + 600
  const claims = {
    sub: user.userId,
    email: user.email,
    sid: randomUUID(),
    roles: user.roles,
    iss: 'boxoffice',
    aud: 'boxoffice',
    exp,
  }
  return `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claims)}.`
}

/** Returns the token with which a service calls another. */
export async function serviceToken(
  running: TestSystem,
  service: ServiceKey,
  audience: Caller,
): Promise<string> {
  const jwk = JSON.parse(running.system.env[service].SERVICE_PRIVATE_KEY ?? '') as JWK
  const { authorization = '' } = await createServiceIdentity(jwk.kid as Caller, jwk).headersFor(audience)
  return authorization.replace('Service-Token ', '')
}

const tokenKeyOf = (running: TestSystem) =>
  JSON.parse(running.system.env.auth.TOKEN_PRIVATE_KEY ?? '') as JWK & { kid: string }
