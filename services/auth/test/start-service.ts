import { randomUUID } from 'node:crypto'
import { authInternalRoutes, authRoutes, type Session, userCreated } from '@boxoffice/contracts'
import { createProbe } from '@boxoffice/messaging/testing'
import { closeService, createTestQueues, prepareService } from '@boxoffice/messaging/testing-service'
import { injectClient, redisIsThere } from '@boxoffice/service-kit/testing'
import { measured } from '@boxoffice/testing'
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { createDependencies, type Dependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'

export const PASSWORD = 'a good long password'

/**
 * The auth service on a database and topics of its own, with a clock that can be moved and an ear on
 * user-events.
 */
export const startService = (options: Options = {}) => measured('servers', () => start(options))
interface Options {
  env?: Record<string, string>
  overrides?: Parameters<typeof createDependencies>[1]
}

async function start(options: Options) {
  const { authority, environment } = await prepareService('auth')
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES+A256KW', {
    crv: 'P-256',
    extractable: true,
  })
  const config = loadConfig({
    ...environment,
    REDIS_URL: inject('redisUrl'),
    TOKEN_PRIVATE_KEY: JSON.stringify(authority.tokenKey),
    NOTIFICATIONS_PUBLIC_KEY: JSON.stringify({ ...(await exportJWK(publicKey)), kid: 'notifications' }),
    ...options.env,
  })
  const aws = await createTestQueues(config.messaging)
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

  async function register(
    over: Partial<Parameters<typeof client.register>[0]['body']> = {},
  ): Promise<Session> {
    const email = `${randomUUID()}@example.test`
    const body = { email, password: PASSWORD, firstName: 'Ada', lastName: 'Kowalska', ...over }
    const { status, body: session } = await client.register({ body })
    if (status !== 201) throw new Error(`not registered: ${JSON.stringify(session)}`)
    return session
  }
  const open = async (sealed: string) =>
    new TextDecoder().decode((await compactDecrypt(sealed, privateKey)).plaintext)
  async function welcomeToken({ user: { userId } }: Pick<Session, 'user'>): Promise<string> {
    const { payload } = await probe.waitFor(userCreated, (message) => message.payload.userId === userId)
    return open(payload.sealedToken)
  }

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
      injectClient(app, authInternalRoutes, () => authority.service(name, 'auth-service')),
    /** A new account; fails the test where it is refused. */
    register,
    /** A new account whose owner has confirmed the address, and signed in since. */
    async proven(over: Parameters<typeof register>[0] = {}): Promise<Session> {
      const session = await register(over)
      const { email } = session.user
      const password = over.password ?? PASSWORD
      const confirmed = await client.verifyEmail({ body: { token: await welcomeToken(session), password } })
      if (confirmed.status !== 204) throw new Error(`not confirmed: ${JSON.stringify(confirmed.body)}`)
      const { status, body } = await client.login({ body: { email, password } })
      if (status !== 200) throw new Error(`not signed in: ${JSON.stringify(body)}`)
      return body
    },
    /** What the notification service makes of a sealed token. */
    open,
    /** The token of an account's first mail. */
    welcomeToken,
    close: () => closeService({ servers: [() => app.close()], workers, probe, deps, aws }),
  }
}
export type TestService = Awaited<ReturnType<typeof startService>>
