import { defineRefusal, Refusal, type RefusalDefinition } from './define-refusal.ts'
import type { Route } from './define-route.ts'
import { idempotencyOf } from './define-route.ts'

// Refusals that belong to no service. The platform gives them; a route lists those that its handler gives
// too.

const { details } = Refusal.shape

export const VALIDATION_FAILED = defineRefusal(
  'VALIDATION_FAILED',
  400,
  'the request does not match its schema',
  { details },
)
export const UNAUTHENTICATED = defineRefusal('UNAUTHENTICATED', 401, 'sign in: this needs an access token')
export const TOKEN_EXPIRED = defineRefusal('TOKEN_EXPIRED', 401, 'the access token has expired')
export const FORBIDDEN = defineRefusal('FORBIDDEN', 403, 'this is not yours, or needs another role')
export const EMAIL_NOT_VERIFIED = defineRefusal(
  'EMAIL_NOT_VERIFIED',
  403,
  'confirm your address first: ask for another link if yours has expired',
)
export const ROUTE_NOT_FOUND = defineRefusal('ROUTE_NOT_FOUND', 404, 'there is nothing at this path')
export const IDEMPOTENCY_IN_PROGRESS = defineRefusal(
  'IDEMPOTENCY_IN_PROGRESS',
  409,
  'the first request with this Idempotency-Key is still in progress',
)
export const PAYLOAD_TOO_LARGE = defineRefusal('PAYLOAD_TOO_LARGE', 413, 'the body is too large')
export const UNSUPPORTED_MEDIA_TYPE = defineRefusal('UNSUPPORTED_MEDIA_TYPE', 415, 'send application/json')
export const IDEMPOTENCY_KEY_REUSED = defineRefusal(
  'IDEMPOTENCY_KEY_REUSED',
  422,
  'this Idempotency-Key was used for another request',
)
export const RATE_LIMITED = defineRefusal('RATE_LIMITED', 429, 'too many requests: see Retry-After')
export const TOO_MANY_STREAMS = defineRefusal(
  'RATE_LIMITED',
  429,
  'you or your address have too many open streams: see Retry-After',
)
export const INTERNAL = defineRefusal('INTERNAL', 500, 'something went wrong here')
export const SERVICE_UNAVAILABLE = defineRefusal(
  'SERVICE_UNAVAILABLE',
  503,
  'this cannot be done right now: try again shortly',
)

/**
 * The refusals that the platform may give at a route without listing: they follow from its other properties.
 */
export function impliedRefusals(route: Route): readonly RefusalDefinition[] {
  const { access, params, query, body } = route
  const idempotency = idempotencyOf(route)
  const isSignedIn = access !== 'anyone'
  const needsMore = isSignedIn && access !== 'visitor' && access !== 'user'
  return [
    SERVICE_UNAVAILABLE,
    ...(params || query || body || idempotency !== 'none' ? [VALIDATION_FAILED] : []),
    ...(isSignedIn ? [UNAUTHENTICATED, TOKEN_EXPIRED] : []),
    ...(needsMore ? [FORBIDDEN] : []),
    ...(needsMore && typeof access === 'string' ? [EMAIL_NOT_VERIFIED] : []),
    ...(idempotency === 'none' ? [] : [IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED]),
  ]
}

/** Of a link in a mail. */
export const LINK_EXPIRED = defineRefusal('TOKEN_EXPIRED', 400, 'this link has expired: ask for a new one')
export const LINK_INVALID = defineRefusal(
  'TOKEN_INVALID',
  400,
  'this link is not valid, or no longer: ask for a new one',
)

export const CACHE_NOT_FOUND = defineRefusal('CACHE_NOT_FOUND', 404, 'this service has no such cache')
export const CACHE_KEY_NOT_FOUND = defineRefusal('CACHE_KEY_NOT_FOUND', 404, 'the cache has no such key')
