export { askTogether } from './ask-together.ts'
export * from './caches/cache.ts'
export { memoryKeys } from './caches/memory-keys.ts'
export { keysOf } from './caches/redis-keys.ts'
export * from './config.ts'
export {
  checkDatabase,
  createDatabase,
  type Database,
  type Sql,
  type SqlDatabase,
  sideBySide,
  type TransactOptions,
  type Tx,
  withOptions,
} from './database/database.ts'
export {
  isPermanent,
  isTransient,
  isUnavailable,
  PermanentFailure,
  violatedUnique,
} from './database/errors.ts'
export { gatherWrites } from './database/gather-writes.ts'
export * from './database/migrations.ts'
export * from './database/pool.ts'
export * from './database/prisma.ts'
export * from './environment.ts'
export * from './foundation.ts'
export { createGroups, type GroupOptions } from './groups.ts'
export { streamedFile } from './http/answer.ts'
export * from './http/authentication.ts'
export * from './http/client.ts'
export * from './http/cursor.ts'
export { bodyOf, bytesOf, type EncodedJson, encodedJson, encodedText } from './http/encoded-json.ts'
export * from './http/idempotency.ts'
export { isNamedIn } from './http/if-none-match.ts'
export * from './http/internal-client.ts'
export * from './http/mailed-page.ts'
export * from './http/mount.ts'
export { networkOf } from './http/network.ts'
export * from './http/openapi.ts'
export * from './http/page.ts'
export * from './http/refusal.ts'
export * from './http/security-headers.ts'
export * from './http/server.ts'
export { cellOf, timeAt } from './http/spreadsheet.ts'
export { type Detail, detailsOf, refuseDetails } from './http/validation.ts'
export * from './identity/revocations.ts'
export * from './identity/service-identity.ts'
export { oncePerTick } from './once-per-tick.ts'
export * from './operations/context.ts'
export * from './operations/crash-points.ts'
export * from './operations/health.ts'
export { createLogger, type Logger } from './operations/logging.ts'
export * from './operations/metrics.ts'
export * from './operations/run.ts'
export * from './operations/sweeper.ts'
export * from './operations/worker.ts'
export { createRateLimitByKey, createSteadyRate, type RateLimitByKey, type SteadyRate } from './rate-limit.ts'
export * from './redis/redis.ts'
export { type Breaker, createBreaker, type Watchers } from './resilience/breaker.ts'
export {
  type ConcurrencyLimitByKey,
  createConcurrencyLimit,
  createConcurrencyLimitByKey,
} from './resilience/concurrency-limit.ts'
export { createGuard, type Guard } from './resilience/guard.ts'
export { type Callee, type Policy, policies } from './resilience/policies.ts'
export {
  type Callees,
  everyFigure,
  type PoliciesOf,
  type PolicyOverrides,
  policiesWith,
  redisAlone,
  resilience,
} from './resilience/settings.ts'
export { ServiceUnavailable, type UnavailableReason } from './resilience/unavailable.ts'
export * from './tracing/spans.ts'
export * from './tracing/tracing.ts'
