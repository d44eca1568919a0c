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
  /**
   * Whoever reads the mail of the address has confirmed it: otherwise the account may be of somebody else.
   */
  readonly emailVerified: boolean
  readonly roles: readonly Role[]
  /** The sign-in that the token came of. */
  readonly sessionId: string
  readonly expiresAt: Date
}
export interface ServicePrincipal {
  readonly service: Caller
}
export type Principal = UserPrincipal | ServicePrincipal | null

/** Who a request is from, or why it may not pass. */
export type Authenticate = (
  access: Access,
  request: FastifyRequest,
) => Promise<{ principal: Principal } | { refusal: HandlerRefusal }>

export const ACCESS_TOKEN_AUDIENCE = 'boxoffice'
const CLOCK_TOLERANCE_S = 5
/** No access token lives longer, whoever signed it: for so long an ended session is remembered. */
export const ACCESS_TOKEN_TTL_MAX_S = 600
/** Tokens that are remembered as verified, of each kind; one takes about a kilobyte. */
const REMEMBERED_MAX = 10_000

const AccessClaims = z.object({
  sub: UserId,
  email: z.string(),
  // Tokens of before it was said prove nothing.
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

/**
 * `jwtVerify`, also where the set has several keys of the id that the token names: each of them may have
 * signed it.
 */
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
 * The user of an access token: EdDSA only, our issuer, our audience, of ten minutes at most and not of the
 * future. Rejects with jose's errors.
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
      'lives longer than access tokens do',
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
 * Users of tokens that were verified before: until the token expires, and while `keys` still answers the very
 * key that it was verified with; so a key that is withdrawn ends its tokens at once. Revocation is the
 * caller's to ask, each time.
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
      return false // several of one id, or unknown by now: verified in full, that says why
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

/** As jose reckons it, in whole seconds and with the tolerance for clocks. */
const hasExpired = (exp: number, at: Date) => exp <= inSeconds(at) - CLOCK_TOLERANCE_S

/**
 * Authentication by local verification. `userKeys` finds the key of an access token (the auth service's
 * JWKS); `servicePublicKeys` are those of all services, by name; while a service's key is replaced it has
 * two, and both count.
 */
export function createAuthenticator(options: {
  service: Caller
  issuer: string
  userKeys: JWTVerifyGetKey
  servicePublicKeys: Parameters<typeof createLocalJWKSet>[0]
  revocations: Pick<Revocations, 'isRevoked'>
  /** By which access tokens end. */
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
      const role = access === 'organizer' ? 'ORGANIZER' : access === 'admin' ? 'ADMIN' : null
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
        return { refusal: refuse(SERVICE_UNAVAILABLE, { message: 'tokens cannot be verified right now' }) }
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
    return typeof access === 'string' ? user(access, request) : service(access.services, request)
  }
}

/**
 * The service that a token is of; null where it says what it must not. Remembered until it expires; our keys
 * never change.
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
    // The key must be the subject's own: otherwise any service could speak as any other.
    if (protectedHeader.kid !== sub || exp - iat > 60) return null
    verified.set(token, { caller: sub, exp })
    return sub
  }
}

function credentials(request: FastifyRequest, scheme: string): string | null {
  const [given, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  return given?.toLowerCase() === scheme.toLowerCase() && token && rest.length === 0 ? token : null
}

/** The keys themselves were unavailable: that says nothing about the token. */
const isUnreachable = (error: unknown) =>
  error instanceof errors.JWKSTimeout ||
  error instanceof TypeError ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
