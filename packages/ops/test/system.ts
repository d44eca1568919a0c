import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import {
  ADDRESS_NOT_CONFIRMED,
  authInternalRoutes,
  type ServiceKey,
  serviceKeys,
  USER_NOT_FOUND,
  type User,
  type UserId,
} from '@boxoffice/contracts'
import { type Aws, createAws, provision } from '@boxoffice/messaging'
import {
  createAuthenticator,
  createLogger,
  createMetrics,
  createServer,
  type HealthComponents,
  type Metrics,
  mountHealth,
  mountRoutes,
  refuse,
} from '@boxoffice/service-kit'
import { createTestAuthority } from '@boxoffice/service-kit/testing'
import { claimPort } from '@boxoffice/testing'
import { Gauge } from 'prom-client'
import { inject } from 'vitest'
import { runCli } from '../src/cli.ts'
import { loadConfig } from '../src/config.ts'

/** Runs the CLI; returns its exit code and output. */
export async function boxoffice(env: Record<string, string>, ...args: string[]) {
  const written = { out: '', error: '' }
  const terminal = {
    out: (text: string) => {
      written.out += text
    },
    error: (text: string) => {
      written.error += text
    },
    progress: () => ({ at: () => {}, end: () => {} }),
    signal: new AbortController().signal,
    colours: false,
    live: false,
    folder: tmpdir(),
    now: () => new Date(),
    wait: async () => {},
  }
  return { exitCode: await runCli(args, async () => loadConfig(env, 'no such folder'), terminal), ...written }
}

const unused = () => Promise.reject(new Error('these routes have no idempotency keys'))

/** A system for the CLI: services with the health that a test sets, auth's users, and real queues. */
export async function startSystem() {
  const authority = await createTestAuthority()
  const keys = authority.environment('boxoffice-cli')
  const health: Partial<Record<ServiceKey, HealthComponents>> = {}
  const metrics = Object.fromEntries(serviceKeys.map((key) => [key, createMetrics(key)])) as Record<
    ServiceKey,
    Metrics
  >
  const ageOf = (key: ServiceKey) =>
    new Gauge({
      name: 'outbox_oldest_unpublished_seconds',
      help: 'as messaging has it',
      registers: [metrics[key].registry],
    })
  const ages = Object.fromEntries(serviceKeys.map((key) => [key, ageOf(key)])) as Record<ServiceKey, Gauge>
  const sagas = new Gauge({
    name: 'sagas_in_progress',
    help: 'as payments has it',
    labelNames: ['state'],
    registers: [metrics.payments.registry],
  })
  const users = new Map<string, User>()

  const startService = async (key: ServiceKey) => {
    const app = createServer({
      logger: createLogger({ service: key, level: 'silent' }),
      metrics: metrics[key],
      trustedProxies: ['127.0.0.1'],
    })
    const components: HealthComponents = {
      database: { required: true, check: async () => health[key]?.database?.check() },
      redis: { required: false, check: async () => health[key]?.redis?.check() },
    }
    mountHealth(app, { components: () => components, metrics: metrics[key], now: () => new Date() })
    if (key === 'auth') mountGrant(app)
    return { key, app, url: await app.listen({ host: '127.0.0.1', port: await claimPort() }) }
  }

  const mountGrant = (app: ReturnType<typeof createServer>) =>
    mountRoutes(
      app,
      { grantRole: authInternalRoutes.grantRole },
      {
        async grantRole({ body }) {
          const user = users.get(body.email)
          if (!user) return refuse(USER_NOT_FOUND, { message: 'no such user' })
          if (!user.emailVerified) return refuse(ADDRESS_NOT_CONFIRMED, { message: 'not confirmed' })
          user.roles = [...new Set([...user.roles, body.role])]
          return { status: 200, body: user }
        },
      },
      {
        authenticate: createAuthenticator({
          service: 'auth-service',
          issuer: 'boxoffice',
          userKeys: authority.userKeys,
          servicePublicKeys: JSON.parse(keys.SERVICE_PUBLIC_KEYS ?? ''),
          revocations: { isRevoked: async () => false },
        }),
        idempotency: { begin: unused, complete: unused, abandon: unused, sweep: unused },
      },
    )

  const services = await Promise.all(serviceKeys.map(startService))
  const env: Record<string, string> = {
    ...Object.fromEntries(services.map(({ key, url }) => [`${key.toUpperCase()}_URL`, url])),
    SERVICE_PRIVATE_KEY: keys.SERVICE_PRIVATE_KEY ?? '',
    AWS_REGION: 'us-east-1',
    AWS_ACCOUNT_ID: '000000000000',
    AWS_SNS_ENDPOINT: inject('awsEndpoint'),
    AWS_SQS_ENDPOINT: inject('awsEndpoint'),
    SQS_WAIT_SECONDS: '0',
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
  }
  const aws: Aws = createAws(loadConfig(env, 'no such folder').status().messaging)
  await provision(aws)

  return {
    env,
    aws,
    ages,
    sagas,
    users,
    /** Sets the components' health from now on; by default all are UP. */
    setHealth: (key: ServiceKey, components?: HealthComponents) => {
      health[key] = components
    },
    addUser(email: string, emailVerified = true): void {
      users.set(email, {
        userId: randomUUID() as UserId,
        email,
        firstName: 'Ada',
        lastName: 'Kowalska',
        locale: 'en',
        emailVerified,
        roles: ['USER'],
        createdAt: new Date(),
      })
    },
    async close() {
      aws.close()
      await Promise.all(services.map(({ app }) => app.close()))
    },
  }
}
