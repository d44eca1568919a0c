import { type Access, type Caller, callers, Role, UserId } from '@boxoffice/contracts'
import type { FastifyRequest } from 'fastify'
import { createLocalJWKSet, errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import { z } from 'zod'
import { type HandlerRefusal, refuse } from './refusal.ts'
import type { Revocations } from './revocations.ts'

export interface UserPrincipal {
  readonly userId: UserId
  readonly email: string
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

const AccessClaims = z.object({ sub: UserId, email: z.string(), sid: z.string(), roles: z.array(Role), exp: z.int() })
const ServiceClaims = z.object({ sub: z.enum(callers), type: z.literal('SERVICE'), exp: z.int(), iat: z.int() })

/** `jwtVerify`, also where the set has several keys of the id that the token names: each of them may have signed it. */
async function verifyWithAny(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, keys, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch(nullIfOtherKey)
      if (verified) return verified
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

function nullIfOtherKey(error: unknown): null {
  if (error instanceof errors.JWSSignatureVerificationFailed) return null
  throw error
}

/** The user of an access token: EdDSA only, our issuer, our audience. Rejects with jose's errors. */
export async function verifyAccessToken(token: string, keys: JWTVerifyGetKey, issuer: string): Promise<UserPrincipal> {
  const { payload } = await verifyWithAny(token, keys, {
    algorithms: ['EdDSA'],
    issuer,
    audience: ACCESS_TOKEN_AUDIENCE,
    typ: 'at+jwt',
    clockTolerance: CLOCK_TOLERANCE_S,
  })
  const claims = AccessClaims.parse(payload)
  const { sub, email, sid, roles, exp } = claims
  return { userId: sub, email, sessionId: sid, roles, expiresAt: new Date(exp * 1000) }
}

/**
 * Authentication by local verification. `userKeys` finds the key of an access token (the auth service's JWKS);
 * `servicePublicKeys` are those of all services, by name; while a service's key is replaced it has two, and both count.
 */
export function createAuthenticator(options: {
  service: Caller
  issuer: string
  userKeys: JWTVerifyGetKey
  servicePublicKeys: Parameters<typeof createLocalJWKSet>[0]
  revocations: Pick<Revocations, 'isRevoked'>
}): Authenticate {
  const serviceKeys = createLocalJWKSet(options.servicePublicKeys)

  async function user(access: Exclude<Access, object>, request: FastifyRequest) {
    const token = credentials(request, 'Bearer')
    if (token === null) {
      if (access === 'visitor' && request.headers.authorization === undefined) return { principal: null }
      return { refusal: refuse(401, 'UNAUTHENTICATED', 'sign in: this needs an access token') }
    }
    try {
      const principal = await verifyAccessToken(token, options.userKeys, options.issuer)
      if (await options.revocations.isRevoked(principal.sessionId)) {
        return { refusal: refuse(401, 'UNAUTHENTICATED', 'the session has ended: sign in again') }
      }
      const role = access === 'organizer' ? 'ORGANIZER' : access === 'admin' ? 'ADMIN' : null
      if (role && !principal.roles.includes(role)) {
        return { refusal: refuse(403, 'FORBIDDEN', `this is for users with the role ${role}`) }
      }
      return { principal }
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { refusal: refuse(401, 'TOKEN_EXPIRED', 'the access token has expired') }
      if (isUnreachable(error)) return { refusal: refuse(503, 'SERVICE_UNAVAILABLE', 'tokens cannot be verified right now') }
      return { refusal: refuse(401, 'UNAUTHENTICATED', 'the access token is not valid') }
    }
  }

  async function service(allowed: readonly Caller[], request: FastifyRequest) {
    const unauthenticated = { refusal: refuse(401, 'UNAUTHENTICATED', 'this needs a service token') }
    const token = credentials(request, 'Service-Token')
    if (token === null) return unauthenticated
    try {
      const { payload, protectedHeader } = await verifyWithAny(token, serviceKeys, {
        algorithms: ['EdDSA'],
        audience: options.service,
        clockTolerance: CLOCK_TOLERANCE_S,
        maxTokenAge: 65,
      })
      const claims = ServiceClaims.parse(payload)
      // The key must be the subject's own: otherwise any service could speak as any other.
      if (protectedHeader.kid !== claims.sub || request.headers['x-service-name'] !== claims.sub) return unauthenticated
      if (claims.exp - claims.iat > 60) return unauthenticated
      if (!allowed.includes(claims.sub)) return { refusal: refuse(403, 'FORBIDDEN', `this is not for ${claims.sub}`) }
      return { principal: { service: claims.sub } }
    } catch {
      return unauthenticated
    }
  }

  return async (access, request) => {
    if (access === 'anyone') return { principal: null }
    return typeof access === 'string' ? user(access, request) : service(access.services, request)
  }
}

function credentials(request: FastifyRequest, scheme: string): string | null {
  const [given, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  return given?.toLowerCase() === scheme.toLowerCase() && token && rest.length === 0 ? token : null
}

/** The keys themselves could not be had: that says nothing about the token. */
const isUnreachable = (error: unknown) =>
  error instanceof errors.JWKSTimeout ||
  error instanceof TypeError ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
