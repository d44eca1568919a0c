export { streamedFile } from './answer.ts'
export { askTogether } from './ask-together.ts'
export * from './authentication.ts'
export * from './client.ts'
export * from './config.ts'
export * from './context.ts'
export * from './crash-points.ts'
export * from './cursor.ts'
export {
  createDatabase,
  type Database,
  type Sql,
  type SqlDatabase,
  sideBySide,
  type TransactOptions,
  type Tx,
  withOptions,
} from './database/database.ts'
export { isPermanent, isTransient, isUnavailable, PermanentFailure, violatedUnique } from './database/errors.ts'
export { gatherWrites } from './database/gather-writes.ts'
export * from './database/migrations.ts'
export * from './database/pool.ts'
export * from './database/prisma.ts'
export { bodyOf, bytesOf, type EncodedJson, encodedJson, encodedText } from './encoded-json.ts'
export * from './foundation.ts'
export { createGroups, type GroupOptions } from './groups.ts'
export * from './health.ts'
export * from './idempotency.ts'
export { isNamedIn } from './if-none-match.ts'
export * from './internal-client.ts'
export { createLogger, type Logger } from './logging.ts'
export * from './mailed-page.ts'
export * from './metrics.ts'
export * from './mount.ts'
export { networkOf } from './network.ts'
export { onceATurn } from './once-a-turn.ts'
export * from './openapi.ts'
export * from './page.ts'
export { createRates, type Rates } from './rates.ts'
export * from './redis.ts'
export * from './redis-keys.ts'
export * from './refusal.ts'
export { type Breaker, createBreaker, type Watchers } from './resilience/breaker.ts'
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
export * from './revocations.ts'
export * from './run.ts'
export * from './security-headers.ts'
export * from './server.ts'
export * from './service-identity.ts'
export { cellOf, timeAt } from './spreadsheet.ts'
export * from './sweeper.ts'
export * from './tracing/spans.ts'
export * from './tracing/tracing.ts'
export { type Detail, detailsOf, refuseDetails } from './validation.ts'
export * from './worker.ts'
