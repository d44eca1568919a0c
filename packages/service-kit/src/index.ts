export { streamedFile } from './answer.ts'
export * from './authentication.ts'
export * from './client.ts'
export * from './config.ts'
export * from './context.ts'
export * from './crash-points.ts'
export * from './cursor.ts'
export * from './database.ts'
export * from './databases.ts'
export { bodyOf, bytesOf, type EncodedJson, encodedJson } from './encoded-json.ts'
export * from './foundation.ts'
export { gatherWrites } from './gather-writes.ts'
export * from './health.ts'
export * from './idempotency.ts'
export * from './internal-client.ts'
export { createLogger, type Logger } from './logging.ts'
export * from './metrics.ts'
export * from './mount.ts'
export * from './openapi.ts'
export * from './page.ts'
export * from './redis.ts'
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
export * from './server.ts'
export * from './service-identity.ts'
export * from './sweeper.ts'
export * from './tracing/spans.ts'
export * from './tracing/tracing.ts'
export * from './tx.ts'
export * from './worker.ts'
