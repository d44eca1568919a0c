import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Server } from 'node:net'
import path from 'node:path'
import { type Caller, callers, type Role, type Routes, type UserId } from '@boxoffice/contracts'
import { addLogSource, claimPort, createMemoryLog, machineFactor, measured, until } from '@boxoffice/testing'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type pg from 'pg'
import { createDatabase, type Tx } from './database/database.ts'
import { ensureDatabase, migrate, type SqlClient, withClient } from './database/migrations.ts'
import { createPool } from './database/pool.ts'
import { ACCESS_TOKEN_AUDIENCE } from './http/authentication.ts'
import { type Client, createClient, type Send } from './http/client.ts'
import { type Handlers, mountRoutes } from './http/mount.ts'
import { createServer } from './http/server.ts'
import { createStreamLimits } from './http/stream-limits.ts'
import { createServiceIdentity } from './identity/service-identity.ts'
import { createHealthRegistry, type HealthRegistry } from './operations/health.ts'
import { createLogger, redirectLogs } from './operations/logging.ts'
import { createMetrics, type Metrics } from './operations/metrics.ts'
import type { Worker } from './operations/worker.ts'
import type { Watchers } from './resilience/breaker.ts'
import type { Callee } from './resilience/policies.ts'
import { type Callees, type PolicyOverrides, redisAlone } from './resilience/settings.ts'
import { registerTracing, stopTracing } from './tracing/tracing.ts'

/** The log of this process's services, shown when a test fails. */
const logged = createMemoryLog('the services in this process')
redirectLogs(logged)
addLogSource(logged)

/** Creates keys and tokens for a test: an auth service and every service's identity. */
export async function createTestAuthority() {
  const makeKey = async (kid: string): Promise<JWK> => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    return { ...(await exportJWK(privateKey)), kid, alg: 'EdDSA' }
  }
  const publicOf = ({ d: _, ...jwk }: JWK) => jwk
  const tokenKey = await makeKey('test-token-key')
  const serviceKeys = new Map<Caller, JWK>(
    await Promise.all(callers.map(async (name) => [name, await makeKey(name)] as const)),
  )
  const keyOf = (name: Caller) => serviceKeys.get(name) as JWK

  return {
    tokenKey,
    userKeys: createLocalJWKSet({ keys: [publicOf(tokenKey)] }),
    /** Returns the Authorization header of a user, by default with a confirmed address. */
    async user(
      roles: Role[] = ['USER'],
      userId: string = crypto.randomUUID(),
      { emailVerified = true, sessionId = crypto.randomUUID() as string } = {},
    ) {
      const claims = { email: `${userId}@example.test`, email_verified: emailVerified, sid: sessionId, roles }
      // One instant for both: a second that began between them would make the token valid for too long.
      const issuedAt = Math.floor(Date.now() / 1_000)
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test-token-key', typ: 'at+jwt' })
        .setSubject(userId)
        .setIssuer('boxoffice')
        .setAudience(ACCESS_TOKEN_AUDIENCE)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + 600)
        .sign(tokenKey)
      return { userId: userId as UserId, token, headers: { authorization: `Bearer ${token}` } }
    },
    /** Returns the headers of a service that calls `audience`. */
    service: (name: Caller, audience: Caller) =>
      createServiceIdentity(name, keyOf(name)).headersFor(audience),
    /** Returns the base environment of a service, as its config reads it. */
    environment: (name: Caller): Record<string, string> => ({
      LOG_LEVEL: 'info',
      SERVICE_PRIVATE_KEY: JSON.stringify(keyOf(name)),
      SERVICE_PUBLIC_KEYS: JSON.stringify({ keys: [...serviceKeys.values()].map(publicOf) }),
      AWS_REGION: 'us-east-1',
      AWS_ACCOUNT_ID: '000000000000',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...PATIENCE,
    }),
  }
}
/** Converts milliseconds on the reference machine into whole ones on this machine. */
export const scaledMs = (ms: number): number => Math.round(ms * machineFactor)

/** Timeouts that only a slow machine would reach; a test about one of them sets its own. */
const PATIENCE = {
  DATABASE_WAIT_MS: String(scaledMs(60_000)),
  DATABASE_LOCK_TIMEOUT_MS: String(scaledMs(60_000)),
  DATABASE_STATEMENT_TIMEOUT_MS: String(scaledMs(90_000)),
  REDIS_TIMEOUT_MS: String(scaledMs(30_000)),
}
/** Returns an environment with the default limits of a service. */
export const withoutPatience = (environment: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !(name in PATIENCE)))

export type TestAuthority = Awaited<ReturnType<typeof createTestAuthority>>

/** Creates a logger like that of a service, whose lines a test can read. */
export function recordLogs(service = 'test') {
  const lines: Record<string, unknown>[] = []
  redirectLogs({
    write(line) {
      lines.push(JSON.parse(line))
      logged.write(line)
    },
  })
  const logger = createLogger({ service, level: 'debug' })
  redirectLogs(logged)
  return { logger, lines: (): readonly Record<string, unknown>[] => lines }
}

/** Health, metrics and logger for guards in a test; they log to the test's output. */
export const createWatchers = (service = 'test'): Watchers & { health: HealthRegistry } => ({
  health: createHealthRegistry(),
  metrics: createMetrics(service),
  logger: createLogger({ service, level: 'info' }),
})

/**
 * Returns a RESILIENCE for a service with these callees that never opens a breaker, except for Redis, and
 * makes each call once. Breakers and retries have their own tests. `changes` overrides figures of callees.
 */
export const patientPolicies = (callees: Partial<Callees>, changes: PolicyOverrides = {}): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(callees).map(([callee, figures]) => {
        const { breaker, ...rest } = changes[callee as Callee] ?? {}
        const patient = {
          ...(figures.includes('retry') && { retry: { attempts: 1, firstWaitMs: 100 } }),
          ...(figures.includes('firstWait') && { retry: { firstWaitMs: 100 } }),
          ...(figures.includes('responseTimeoutMs') && { responseTimeoutMs: scaledMs(60_000) }),
        }
        const never = callee in redisAlone ? {} : { windowCalls: 10_000, minimumCalls: 10_000 }
        return [callee, { ...patient, ...rest, breaker: { ...never, ...breaker } }]
      }),
    ),
  )

/**
 * Records the spans of this process in memory, in the order in which they ended; `ratio` is the share of
 * traces kept whole.
 */
export function recordSpans(ratio = 1, slowMs = Number.POSITIVE_INFINITY) {
  const exporter = new InMemorySpanExporter()
  registerTracing('test', { ratio, slowMs }, new SimpleSpanProcessor(exporter))
  return {
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: span.kind,
        attributes: span.attributes,
        failed: span.status.message ?? null,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentId: span.parentSpanContext?.spanId ?? null,
        links: span.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId })),
      })),
    clear: () => exporter.reset(),
    stop: stopTracing,
  }
}

/** Returns a `send` that reaches an app without a port. */
export const injecting =
  (app: FastifyInstance): Send =>
  async (url, { method, headers, body }) => {
    const answer = await app.inject({
      url,
      method: method as 'GET',
      headers: headers as Record<string, string>,
      payload: body as string,
    })
    const bodiless = answer.statusCode === 204 || answer.statusCode === 304
    return new Response(bodiless ? null : new Uint8Array(answer.rawPayload), {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
    })
  }

/**
 * Creates the typed client of an app in the same process. `headers` may be a function, since a service's
 * token lasts 60 s.
 */
export const injectClient = <T extends Routes>(
  app: FastifyInstance,
  routes: T,
  headers: Record<string, string> | (() => Promise<Record<string, string>>) = {},
): Client<T> =>
  createClient(routes, {
    baseUrl: '',
    send: injecting(app),
    headers: typeof headers === 'function' ? headers : () => headers,
  })

/** Listens on a port that no one else uses after it closes; returns the address. */
export const listenLocally = async (app: FastifyInstance): Promise<string> =>
  app.listen({ host: '127.0.0.1', port: await claimPort() })

/** Returns the same for a Node.js server. */
export async function serveLocally(server: Server): Promise<string> {
  const port = await claimPort()
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )
  return `http://127.0.0.1:${port}`
}

/** Resolves when every Redis connection of a service is up; until then it works without. */
export const redisIsThere = (metrics: Pick<Metrics, 'redisConnected'>) =>
  until(async () => {
    const { values } = await metrics.redisConnected.get()
    return values.length > 0 && values.every(({ value }) => value === 1)
  })

/** Stops all workers at once, except the first: the relay, which then publishes what the others wrote. */
export async function stopWorkers([relay, ...others]: readonly Worker[]): Promise<void> {
  await Promise.all(others.map((worker) => worker.stop()))
  await relay?.stop()
}

/**
 * Starts a peer with its own port, made from its contract: the test gives the answers, which are checked
 * against the contract.
 */
export async function startPeer<T extends Routes>(routes: T, handlers: NoInfer<Handlers<T>>) {
  const logger = createLogger({ service: 'peer', level: 'silent' })
  const app = createServer({ logger, metrics: createMetrics('peer'), trustedProxies: ['127.0.0.1'] })
  mountRoutes(app, routes, handlers, {
    authenticate: async () => ({ principal: { service: 'boxoffice-cli' } }),
    idempotency: { begin: unused, complete: unused, abandon: unused, sweep: unused },
    streams: createStreamLimits({ perUser: 1_000, perAddress: 1_000 }),
  })
  const url = await listenLocally(app)
  return { url, close: () => app.close() }
}
const unused = () => Promise.reject(new Error('a peer does not store idempotency keys'))

/**
 * Measures the least CPU milliseconds of this process that some work takes, to compare it with larger work on
 * the same machine. Other load on the machine does not count.
 */
export const cpuMsOf = (work: () => unknown): number =>
  Math.min(...Array.from({ length: 5 }, () => cpuMs(work)))

/** Small work is repeated until it can be measured. */
const MEASURED_MS_MIN = 20

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage()
  for (let times = 1; ; times++) {
    work()
    const { user, system } = process.cpuUsage(before)
    const ms = (user + system) / 1_000
    if (ms >= MEASURED_MS_MIN) return ms / times
  }
}

/** Creates a transaction whose statements are answered by `query`, for tests without a database. */
export const fakeTx = (query: (text: string, values?: readonly unknown[]) => Promise<unknown[]>): Tx => ({
  query: query as Tx['query'],
  afterCommit: () => {},
  afterRollback: () => {},
  savepoint: (work) => work(),
})

/**
 * Creates a database on the server of `serverUrl` with the migrations of this folder; returns its connection
 * string. One per test file.
 */
export const createTestDatabase = (serverUrl: string, migrations: string): Promise<string> =>
  measured('migrations', async () => {
    const template = await templateOf(serverUrl, migrations)
    const name = `test_${randomUUID().replaceAll('-', '')}`
    await withClient(serverUrl, (client) => client.query(`create database ${name} template ${template}`))
    return addressOf(serverUrl, name)
  })

/** Creates the same and opens it. */
export async function openTestDatabase(serverUrl: string, migrations: string) {
  const databaseUrl = await createTestDatabase(serverUrl, migrations)
  const logger = createLogger({ service: 'test', level: 'info' })
  const pool = createPool({ databaseUrl, login: 'password', max: 10, logger, name: 'test' })
  return { pool, db: createDatabase({ pool, logger }), close: () => pool.end() }
}

/**
 * Returns the tables that a statement would read as a whole, however large they are, because no index helps.
 * Every parameter needs a type in the statement.
 */
export async function tablesReadWhole(pool: pg.Pool, statement: string): Promise<string[]> {
  const client = await pool.connect()
  try {
    await client.query('begin; set local enable_seqscan = off')
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${statement}`)
    await client.query('rollback')
    return rows.flatMap(({ 'QUERY PLAN': line }) => /Seq Scan on (\w+)/.exec(line)?.[1] ?? [])
  } finally {
    client.release()
  }
}

const TEMPLATE_LOCK = 72_707_370
const templates = new Map<string, Promise<string>>()

/**
 * Returns the migrated template that databases are copied from; the first process that needs it creates it.
 */
async function templateOf(serverUrl: string, migrations: string): Promise<string> {
  const name = `template_${await hashOf(migrations)}`
  const key = `${serverUrl} ${name}`
  const made =
    templates.get(key) ??
    withClient(serverUrl, (client) => makeTemplate(client, serverUrl, { name, migrations }))
  templates.set(key, made)
  made.catch(() => templates.delete(key)) // the next attempt retries
  return made
}

/** The template gets its name only when it is complete. */
async function makeTemplate(
  client: SqlClient,
  serverUrl: string,
  { name, migrations }: { name: string; migrations: string },
) {
  await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
  if (rowCount === 0) {
    const unfinished = `unfinished_${name}`
    await client.query(`drop database if exists ${unfinished} with (force)`)
    await ensureDatabase(addressOf(serverUrl, unfinished))
    await migrate(addressOf(serverUrl, unfinished), migrations)
    await client.query(`alter database ${unfinished} rename to ${name}`)
  }
  return name
}

/** Hashes names and contents of the migrations. */
async function hashOf(migrations: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(migrations)).sort()) {
    const sql = await readFile(path.join(migrations, name, 'migration.sql')).catch(() => '')
    hash.update(`${name}\0`).update(sql)
  }
  return hash.digest('hex').slice(0, 32)
}

function addressOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}
