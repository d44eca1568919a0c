import {
  type Access,
  type Caller,
  callers,
  EMAIL_NOT_VERIFIED,
  FORBIDDEN,
  Role,
  SERVICE_UNAVAILABLE,
  TOKEN_EXPIRED,
  UNAUTHENTICATED,
  UserId,
} from '@boxoffice/contracts'
import type { FastifyRequest } from 'fastify'
import {
  createLocalJWKSet,
  errors,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Revocations } from '../identity/revocations.ts'
import { type HandlerRefusal, refuse } from './refusal.ts'

export interface UserPrincipal {
  readonly userId: UserId
  readonly email: string
  /** Whether the user has confirmed the address; otherwise the account may be someone else's. */
  readonly emailVerified: boolean
  readonly roles: readonly Role[]
  /** The sign-in that issued the token. */
  readonly sessionId: string
  readonly expiresAt: Date
}
export interface ServicePrincipal {
  readonly service: Caller
}
export type Principal = UserPrincipal | ServicePrincipal | null

/** Returns who acts, for logs and records: a user id, or the name of a service. */
export const actorOf = (principal: UserPrincipal | ServicePrincipal): string =>
  'service' in principal ? principal.service : principal.userId

/** The caller of a request, or why it is refused. */
export type Authenticate = (
  access: Access,
  request: FastifyRequest,
) => Promise<{ principal: Principal } | { refusal: HandlerRefusal }>

export const ACCESS_TOKEN_AUDIENCE = 'boxoffice'
const CLOCK_TOLERANCE_S = 5
/** The longest life of an access token, whoever signed it; an ended session is kept as long. */
export const ACCESS_TOKEN_TTL_MAX_S = 600
/** The most verified tokens in memory, of each kind; one takes about a kilobyte. */
const REMEMBERED_MAX = 10_000

const AccessClaims = z.object({
  sub: UserId,
  email: z.string(),
  // Tokens issued before this claim existed prove nothing.
  email_verified: z.boolean().default(false),
  sid: z.string(),
  roles: z.array(Role),
  iat: z.int(),
  exp: z.int(),
})
const ServiceClaims = z.object({
  sub: z.enum(callers),
  type: z.literal('SERVICE'),
  exp: z.int(),
  iat: z.int(),
})

/** Calls `jwtVerify`, also if the set has several keys with the token's key id: each may have signed it. */
async function verifyWithAny(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, keys, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch(nullIfOtherKey)
      if (verified) return { ...verified, key }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

function nullIfOtherKey(error: unknown): null {
  if (error instanceof errors.JWSSignatureVerificationFailed) return null
  throw error
}

/**
 * Returns the user of an access token: EdDSA only, our issuer and audience, at most ten minutes, not issued
 * in the future. Rejects with jose's errors.
 */
export async function verifyAccessToken(
  token: string,
  keys: JWTVerifyGetKey,
  issuer: string,
  now: Clock = realTime,
): Promise<UserPrincipal> {
  return (await verifyUser(token, keys, issuer, now)).principal
}

type Clock = () => Date
const realTime: Clock = () => new Date()
const inSeconds = (at: Date) => Math.floor(at.getTime() / 1_000)

async function verifyUser(token: string, keys: JWTVerifyGetKey, issuer: string, now: Clock) {
  const { payload, protectedHeader, key } = await verifyWithAny(token, keys, {
    algorithms: ['EdDSA'],
    issuer,
    audience: ACCESS_TOKEN_AUDIENCE,
    typ: 'at+jwt',
    clockTolerance: CLOCK_TOLERANCE_S,
    currentDate: now(),
  })
  const claims = AccessClaims.parse(payload)
  const { sub, email, email_verified: emailVerified, sid, roles, iat, exp } = claims
  if (exp - iat > ACCESS_TOKEN_TTL_MAX_S || iat > inSeconds(now()) + CLOCK_TOLERANCE_S) {
    throw new errors.JWTClaimValidationFailed(
      'is valid for longer than access tokens may be',
      payload,
      'iat',
      'check_failed',
    )
  }
  const principal: UserPrincipal = {
    userId: sub,
    email,
    emailVerified,
    sessionId: sid,
    roles,
    expiresAt: new Date(exp * 1000),
  }
  return { principal, header: protectedHeader, key, exp }
}

/**
 * Caches users of verified tokens until the token expires, as long as `keys` still returns the key that
 * verified it: a withdrawn key ends its tokens at once. The caller checks revocation each time.
 */
function createUserVerifier(
  keys: JWTVerifyGetKey,
  issuer: string,
  now: Clock,
): (token: string) => Promise<UserPrincipal> {
  const verified = new LRUCache<string, Awaited<ReturnType<typeof verifyUser>>>({ max: REMEMBERED_MAX })
  const stillSigns = async (header: JWTHeaderParameters, key: unknown) => {
    try {
      return (await keys(header, { payload: '', signature: '' })) === key
    } catch {
      return false // several keys with this id, or an unknown one: full verification gives the reason
    }
  }
  return async (token) => {
    const known = verified.get(token)
    if (known && !hasExpired(known.exp, now()) && (await stillSigns(known.header, known.key)))
      return known.principal
    verified.delete(token)
    const user = await verifyUser(token, keys, issuer, now)
    verified.set(token, user)
    return user.principal
  }
}

/** As jose computes it, in whole seconds and with clock tolerance. */
const hasExpired = (exp: number, at: Date) => exp <= inSeconds(at) - CLOCK_TOLERANCE_S

/**
 * Authenticates by local verification. `userKeys` finds the key of an access token (the auth service's JWKS);
 * `servicePublicKeys` are those of all services by name: two while a key is replaced, both valid.
 */
export function createAuthenticator(options: {
  service: Caller
  issuer: string
  userKeys: JWTVerifyGetKey
  servicePublicKeys: Parameters<typeof createLocalJWKSet>[0]
  revocations: Pick<Revocations, 'isRevoked'>
  /** By which access tokens end early. */
  now?: Clock
}): Authenticate {
  const verifyRemembered = createUserVerifier(options.userKeys, options.issuer, options.now ?? realTime)
  const verifyService = createServiceVerifier(createLocalJWKSet(options.servicePublicKeys), options.service)

  async function user(access: Exclude<Access, object>, request: FastifyRequest) {
    const token = credentials(request, 'Bearer')
    if (token === null) {
      if (access === 'visitor' && request.headers.authorization === undefined) return { principal: null }
      return { refusal: refuse(UNAUTHENTICATED) }
    }
    try {
      const principal = await verifyRemembered(token)
      if (await options.revocations.isRevoked(principal.sessionId)) {
        return { refusal: refuse(UNAUTHENTICATED, { message: 'the session has ended: sign in again' }) }
      }
      const role = access === 'organizer' ? 'ORGANIZER' : access === 'operator' ? 'ADMIN' : null
      if (role && !principal.roles.includes(role)) {
        return { refusal: refuse(FORBIDDEN, { message: `this is for users with the role ${role}` }) }
      }
      if ((role || access === 'proven') && !principal.emailVerified) {
        return {
          refusal: refuse(EMAIL_NOT_VERIFIED),
        }
      }
      return { principal }
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { refusal: refuse(TOKEN_EXPIRED) }
      if (isUnreachable(error))
        return {
          refusal: refuse(SERVICE_UNAVAILABLE, {
            message: 'tokens cannot be verified at the moment: try again shortly',
          }),
        }
      return { refusal: refuse(UNAUTHENTICATED, { message: 'the access token is not valid' }) }
    }
  }

  async function service(allowed: readonly Caller[], request: FastifyRequest) {
    const unauthenticated = { refusal: refuse(UNAUTHENTICATED, { message: 'this needs a service token' }) }
    const token = credentials(request, 'Service-Token')
    if (token === null) return unauthenticated
    try {
      const caller = await verifyService(token)
      if (caller === null || request.headers['x-service-name'] !== caller) return unauthenticated
      if (!allowed.includes(caller))
        return { refusal: refuse(FORBIDDEN, { message: `this is not for ${caller}` }) }
      return { principal: { service: caller } }
    } catch {
      return unauthenticated
    }
  }

  return async (access, request) => {
    if (access === 'anyone') return { principal: null }
    if (typeof access === 'object') return service(access.services, request)
    const isCommandLine = access === 'operator' && credentials(request, 'Service-Token') !== null
    return isCommandLine ? service(['boxoffice-cli'], request) : user(access, request)
  }
}

/**
 * Returns the service of a token; null if a claim is wrong. Cached until it expires; these keys never change.
 */
function createServiceVerifier(
  keys: JWTVerifyGetKey,
  audience: Caller,
): (token: string) => Promise<Caller | null> {
  const verified = new LRUCache<string, { caller: Caller; exp: number }>({ max: REMEMBERED_MAX })
  return async (token) => {
    const known = verified.get(token)
    if (known && !hasExpired(known.exp, new Date())) return known.caller
    verified.delete(token)
    const { payload, protectedHeader } = await verifyWithAny(token, keys, {
      algorithms: ['EdDSA'],
      audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: 65,
    })
    const { sub, exp, iat } = ServiceClaims.parse(payload)
    // The key must belong to the subject: otherwise any service could speak as any other.
    if (protectedHeader.kid !== sub || exp - iat > 60) return null
    verified.set(token, { caller: sub, exp })
    return sub
  }
}

function credentials(request: FastifyRequest, scheme: string): string | null {
  const [given, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  return given?.toLowerCase() === scheme.toLowerCase() && token && rest.length === 0 ? token : null
}

/** The keys were unavailable, which says nothing about the token. */
const isUnreachable = (error: unknown) =>
  error instanceof errors.JWKSTimeout ||
  error instanceof TypeError ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
