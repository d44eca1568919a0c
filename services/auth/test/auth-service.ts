import { randomUUID } from 'node:crypto'
import { authInternalRoutes, authRoutes, type Session } from '@boxoffice/contracts'
import { createAws, provision } from '@boxoffice/messaging'
import { createProbe } from '@boxoffice/messaging/testing'
import { createDatabase, createTestAuthority, injectClient, redisIsThere, stopWorkers } from '@boxoffice/service-kit/testing'
import { measured } from '@boxoffice/testing'
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { createDependencies, type Dependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'

export const PASSWORD = 'a good long password'

/** The auth service on a database and topics of its own, with a clock that can be moved and an ear on user-events. */
export const startAuthService = (options: Options = {}) => measured('servers', () => start(options))
interface Options {
  env?: Record<string, string>
  overrides?: Parameters<typeof createDependencies>[1]
}

async function start(options: Options) {
  const authority = await createTestAuthority()
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
  const databaseUrl = await createDatabase(inject('postgresUrl'), 'services/auth/prisma/migrations')
  const config = loadConfig({
    ...authority.environment('auth-service'),
    DATABASE_URL: databaseUrl,
    AWS_SNS_ENDPOINT: inject('awsEndpoint'),
    AWS_SQS_ENDPOINT: inject('awsEndpoint'),
    MESSAGING_PREFIX: `t${randomUUID().slice(0, 8)}-`,
    SQS_WAIT_SECONDS: '0.2',
    REDIS_URL: inject('redisUrl'),
    TOKEN_PRIVATE_KEY: JSON.stringify(authority.tokenKey),
    NOTIFICATIONS_PUBLIC_KEY: JSON.stringify({ ...(await exportJWK(publicKey)), kid: 'notifications' }),
    ...options.env,
  })
  const aws = createAws(config.messaging)
  await provision(aws)
  const probe = await createProbe(aws, ['user-events'])

  let movedMs = 0
  let standsAtMs: number | null = null
  const now = () => new Date((standsAtMs ?? Date.now()) + movedMs)
  const deps: Dependencies = createDependencies(config, { now, ...options.overrides })
  const app = buildApp(deps)
  const workers = buildWorkers(deps)
  for (const worker of workers) worker.start()
  const client = injectClient(app, authRoutes)
  await redisIsThere(deps.metrics)

  return {
    app,
    deps,
    probe,
    authority,
    client,
    /** Let that much time pass. */
    moveClock: (seconds: number) => {
      movedMs += seconds * 1_000
    },
    /** Let no time pass while `work` runs, but for what `moveClock` lets. */
    async withoutTime(work: () => Promise<void>): Promise<void> {
      standsAtMs = Date.now()
      await work().finally(() => {
        standsAtMs = null
      })
    },
    as: ({ accessToken }: Pick<Session, 'accessToken'>) =>
      injectClient(app, authRoutes, { authorization: `Bearer ${accessToken}` }),
    service: async (name: Parameters<typeof authority.service>[0]) =>
      injectClient(app, authInternalRoutes, await authority.service(name, 'auth-service')),
    /** A new account; fails the test where it is refused. */
    async register(over: Partial<Parameters<typeof client.register>[0]['body']> = {}): Promise<Session> {
      const email = `${randomUUID()}@example.test`
      const body = { email, password: PASSWORD, firstName: 'Ada', lastName: 'Kowalska', ...over }
      const { status, body: session } = await client.register({ body })
      if (status !== 201) throw new Error(`not registered: ${JSON.stringify(session)}`)
      return session
    },
    /** What the notification service makes of a sealed token. */
    open: async (sealed: string) => new TextDecoder().decode((await compactDecrypt(sealed, privateKey)).plaintext),
    async close() {
      await app.close()
      await stopWorkers(workers)
      await probe.close()
      aws.close()
      await deps.close()
    },
  }
}
export type AuthService = Awaited<ReturnType<typeof startAuthService>>
