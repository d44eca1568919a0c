import type { Caller } from '@boxoffice/contracts'
import { z } from 'zod'
import type { DatabaseLimits } from './database/pool.ts'
import { DatabaseLogin, Jwks, SigningKey, secret, withPassword } from './environment.ts'
import type { StreamsMax } from './http/stream-limits.ts'
import { type PoliciesOf, redisAlone, resilience } from './resilience/settings.ts'
import type { TracesConfig } from './tracing/tracing.ts'

/** The variables that every service reads. Secrets have no default: a service does not start without them. */
export const baseEnvironment = {
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  LOG_LEVEL: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('lowest level that is logged'),
  DATABASE_URL: z.url().describe("connection string of the service's own PostgreSQL database"),
  DATABASE_LOGIN: DatabaseLogin.default('password').describe(
    'password: the password in DATABASE_URL; iam: short-lived AWS tokens, ' +
      "over TLS verified against Amazon's certificate authorities",
  ),
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(2)
    .max(100)
    .default(10)
    .describe('maximum number of connections'),
  DATABASE_WAIT_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(3_000)
    .describe('longest wait for a connection, in ms'),
  DATABASE_LOCK_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(3_000)
    .describe('longest wait for a lock, in ms'),
  DATABASE_STATEMENT_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(10_000)
    .describe('longest time a statement may run, or a transaction may stay idle, in ms'),
  LEASE_SECONDS: z.coerce
    .number()
    .min(1)
    .max(600)
    .default(15)
    .describe(
      'how long a process owns the work it has taken; if it dies, another process may take the work ' +
        'after that',
    ),
  AUTH_URL: z
    .url()
    .default('http://auth-service.eventbooking.local:8080')
    .describe('address of the auth service'),
  REDIS_URL: z
    .url()
    .optional()
    .describe(
      'Redis through which ended sessions are published; without it, ' +
        'access tokens stay valid until they expire',
    ),
  REDIS_PASSWORD: secret(
    z.string().min(1).optional().describe('password for REDIS_URL, if the URL has none'),
  ),
  REDIS_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(250)
    .describe('longest time a command to any Redis may take, in ms'),
  PUBLIC_URL: z.url().default('http://127.0.0.1:8000').describe('public base URL of the API'),
  TRUSTED_PROXIES: z
    .string()
    .default('127.0.0.1')
    .describe('addresses whose X-Forwarded-For is trusted, separated by commas'),
  STREAMS_PER_USER_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .describe('streams of server-sent events that a user may have open at once, per process'),
  STREAMS_PER_ADDRESS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .describe('streams that one address (for IPv6 one /64 network) may have open at once, per process'),
  TOKEN_ISSUER: z.string().default('boxoffice').describe('issuer of access tokens'),
  SERVICE_PRIVATE_KEY: secret(SigningKey.describe("Ed25519 JWK that signs this service's tokens")),
  SERVICE_PUBLIC_KEYS: Jwks.describe(
    "JWKS of all services; kid is the service's name. A service has two keys while its key is being replaced",
  ),
  // A service that calls others defines its own, for its callees.
  RESILIENCE: resilience(redisAlone),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe('trace collector (OTLP over HTTP, JSON); without it, tracing is off'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'fraction of traces that are recorded completely, 0 to 1; of the others, ' +
        'only what failed or was slow is recorded',
    ),
  TRACES_SLOW_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe('duration from which a request or message counts as slow, in ms'),
  CRASH_AT: z
    .string()
    .optional()
    .describe('a crash point, or @ and the path of a file that names one; for fault tests only'),
}
const Base = z.object(baseEnvironment)

/** The settings of every service. */
export interface BaseConfig {
  service: Caller
  host: string
  port: number
  logLevel: string
  databaseUrl: string
  databaseLogin: z.output<typeof DatabaseLogin>
  databasePoolSize: number
  databaseLimits: DatabaseLimits
  /** Further settings of the service's database sessions: see `createPool`. */
  databaseSettings?: string
  /** The lease of rows that a process works on: sagas, messages to publish. */
  leaseMs: number
  authUrl: string
  publicUrl: string
  trustedProxies: string[]
  streamsMax: StreamsMax
  tokenIssuer: string
  redisUrl: string | undefined
  redisTimeoutMs: number
  servicePrivateKey: z.output<typeof SigningKey>
  servicePublicKeys: z.output<typeof Jwks>
  /** Breakers, retries, bulkheads and rates, by callee. */
  policies: PoliciesOf<typeof redisAlone>
  traces: TracesConfig
  crashAt?: string
}

/** Returns the settings that every service has. */
export function baseConfig<P extends PoliciesOf<typeof redisAlone>>(
  service: Caller,
  environment: Omit<z.output<typeof Base>, 'RESILIENCE'> & { PORT: number; RESILIENCE: P },
): BaseConfig & { policies: P } {
  return {
    service,
    host: environment.HOST,
    port: environment.PORT,
    logLevel: environment.LOG_LEVEL,
    databaseUrl: environment.DATABASE_URL,
    databaseLogin: environment.DATABASE_LOGIN,
    databasePoolSize: environment.DATABASE_POOL_SIZE,
    databaseLimits: {
      waitMs: environment.DATABASE_WAIT_MS,
      lockTimeoutMs: environment.DATABASE_LOCK_TIMEOUT_MS,
      statementTimeoutMs: environment.DATABASE_STATEMENT_TIMEOUT_MS,
    },
    leaseMs: environment.LEASE_SECONDS * 1_000,
    authUrl: environment.AUTH_URL,
    publicUrl: environment.PUBLIC_URL,
    trustedProxies: environment.TRUSTED_PROXIES.split(',').map((address) => address.trim()),
    streamsMax: {
      perUser: environment.STREAMS_PER_USER_MAX,
      perAddress: environment.STREAMS_PER_ADDRESS_MAX,
    },
    tokenIssuer: environment.TOKEN_ISSUER,
    redisUrl: environment.REDIS_URL && withPassword(environment.REDIS_URL, environment.REDIS_PASSWORD),
    redisTimeoutMs: environment.REDIS_TIMEOUT_MS,
    servicePrivateKey: environment.SERVICE_PRIVATE_KEY,
    servicePublicKeys: environment.SERVICE_PUBLIC_KEYS,
    policies: environment.RESILIENCE,
    traces: {
      endpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
      ratio: environment.OTEL_TRACES_SAMPLER_ARG,
      slowMs: environment.TRACES_SLOW_MS,
    },
    crashAt: environment.CRASH_AT,
  }
}
