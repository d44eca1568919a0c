import type { Routes } from '@boxoffice/contracts'
import type { FastifyInstance } from 'fastify'
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type pg from 'pg'
import type { BaseConfig } from './config.ts'
import { createDatabase, type SqlDatabase } from './database/database.ts'
import { createPool } from './database/pool.ts'
import { countStatements } from './database/statement-figures.ts'
import { wireOf } from './http/answer.ts'
import { type Authenticate, createAuthenticator } from './http/authentication.ts'
import { sendPacked } from './http/compression.ts'
import { encodedJson } from './http/encoded-json.ts'
import { createIdempotencyStore, type IdempotencyStore } from './http/idempotency.ts'
import { openApiOf } from './http/openapi.ts'
import { createServer } from './http/server.ts'
import { createStreamLimits, type StreamLimits } from './http/stream-limits.ts'
import { createRevocations, type Revocations } from './identity/revocations.ts'
import { createServiceIdentity, type ServiceIdentity } from './identity/service-identity.ts'
import { type CrashAt, createCrashAt } from './operations/crash-points.ts'
import {
  createHealthRegistry,
  type HealthComponents,
  type HealthRegistry,
  mountHealth,
} from './operations/health.ts'
import { createLogger, type Logger } from './operations/logging.ts'
import { createMetrics, type Metrics } from './operations/metrics.ts'
import { describeCall, inSpan, SpanKind, traceHeaders } from './tracing/spans.ts'
import { startTracing } from './tracing/tracing.ts'

/** What every service is built on. */
export interface Foundation {
  logger: Logger
  metrics: Metrics
  /** Every guard and connection registers here. */
  health: HealthRegistry
  /** For work without a transaction: sessions, and their count. */
  pool: pg.Pool
  db: SqlDatabase
  authenticate: Authenticate
  idempotency: IdempotencyStore
  streams: StreamLimits
  revocations: Revocations
  identity: ServiceIdentity
  crashAt: CrashAt
  now: () => Date
  newId: () => string
  leaseMs: number
}

/** A repeated request waits for the first one as long as two leases, since that one may run a saga. */
const IDEMPOTENCY_LEASES = 2

/** `userKeys` verify access tokens; by default the auth service's published keys. `now` is the clock. */
export function createFoundation(
  config: BaseConfig,
  userKeys: JWTVerifyGetKey = remoteUserKeys(config.authUrl),
  now = () => new Date(),
): Foundation {
  const logger = createLogger({ service: config.service, level: config.logLevel })
  startTracing({ service: config.service, traces: config.traces, logger, now })
  const metrics = createMetrics(config.service)
  const health = createHealthRegistry()
  const revocations = createRevocations({
    url: config.redisUrl,
    timeoutMs: config.redisTimeoutMs,
    policy: config.policies.redis,
    ...{ logger, metrics, health },
  })
  const pool = createPool({
    databaseUrl: config.databaseUrl,
    login: config.databaseLogin,
    max: config.databasePoolSize,
    limits: config.databaseLimits,
    settings: config.databaseSettings,
    logger,
    name: config.service,
  })
  countStatements(pool, metrics)
  const db = createDatabase({ pool, logger })
  return {
    logger,
    metrics,
    health,
    pool,
    db,
    authenticate: createAuthenticator({
      service: config.service,
      issuer: config.tokenIssuer,
      userKeys,
      servicePublicKeys: config.servicePublicKeys as never,
      revocations,
      now,
    }),
    leaseMs: config.leaseMs,
    idempotency: createIdempotencyStore(db, { metrics, leaseMs: IDEMPOTENCY_LEASES * config.leaseMs }),
    streams: createStreamLimits(config.streamsMax),
    revocations,
    identity: createServiceIdentity(config.service, config.servicePrivateKey as never),
    crashAt: createCrashAt(config.crashAt),
    now,
    newId: () => crypto.randomUUID(),
  }
}

/** Fetched once and kept while the auth service is down; fetched again only for an unknown key. */
function remoteUserKeys(authUrl: string): JWTVerifyGetKey {
  const url = new URL('/api/auth/.well-known/jwks.json', authUrl)
  return createRemoteJWKSet(url, {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: 5_000,
    timeoutDuration: 5_000,
    [customFetch]: (address, options) =>
      inSpan('auth getJwks', { kind: SpanKind.CLIENT, attributes: { 'peer.service': 'auth' } }, async () => {
        const response = await fetch(address, {
          ...options,
          headers: { ...Object.fromEntries(options.headers), ...traceHeaders() },
        })
        describeCall(options.method, response.status)
        return response
      }),
  })
}

/**
 * Creates a server with health, metrics and the OpenAPI document of the public routes; the service mounts its
 * routes.
 */
export function createServiceApp(
  foundation: Pick<Foundation, 'logger' | 'metrics' | 'health' | 'now'>,
  options: {
    config: BaseConfig
    path: `/api/${string}`
    title: string
    description: string
    routes: Routes
    /** Health components other than callees and Redis, which register themselves. */
    health: HealthComponents
  },
): FastifyInstance {
  const app = createServer({ ...foundation, trustedProxies: options.config.trustedProxies })
  const components = () => ({ ...foundation.health.components(), ...options.health })
  mountHealth(app, { components, metrics: foundation.metrics, now: foundation.now })
  const { title, description } = options
  const document = encodedJson(
    openApiOf({ title, description, server: options.config.publicUrl }, options.routes),
  )
  app.get(`${options.path}/openapi.json`, (request, reply) => sendPacked(request, reply, wireOf(document)))
  return app
}
