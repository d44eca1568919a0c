import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createFoundation, type Foundation } from '@boxoffice/service-kit'
import { PrismaPg } from '@prisma/adapter-pg'
import { createTokenSealer, type SealToken } from './accounts/mailed-token.ts'
import type { Config } from './config.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { createPasswords, type Passwords } from './passwords/passwords.ts'
import { createMailRequests, type MailRequests } from './recovery/mail-requests.ts'
import { type AccessTokens, createAccessTokens } from './sessions/access-tokens.ts'
import type { PrismaTx } from './transaction.ts'

export interface Dependencies extends Foundation {
  config: Config
  prisma: PrismaClient
  messaging: Messaging
  accessTokens: AccessTokens
  passwords: Passwords
  sealToken: SealToken
  /** One transaction of Prisma's, in which our SQL may take part; after its commit the relay is told to look. */
  transact<T>(work: (tx: PrismaTx) => Promise<T>): Promise<T>
  /** Requests for mails, and the worker that looks into them. */
  mailRequests: MailRequests
  close(): Promise<void>
}

/** `overrides` are for tests: another clock, another way to hash. */
export function createDependencies(
  config: Config,
  overrides: Partial<Pick<Dependencies, 'now' | 'newId' | 'passwords'>> = {},
): Dependencies {
  const now = overrides.now ?? (() => new Date())
  const accessTokens = createAccessTokens({
    privateKey: config.tokenPrivateKey,
    previousPublicKeys: config.tokenPreviousPublicKeys,
    issuer: config.tokenIssuer,
    ttlMs: config.accessTokenTtlMs,
    now,
  })
  const foundation: Foundation = { ...createFoundation(config, accessTokens.keys, now), ...overrides }
  const messaging = createMessaging(foundation, config.messaging)
  const { waitMs, statementTimeoutMs } = config.databaseLimits
  const transactionOptions = { maxWait: waitMs, timeout: statementTimeoutMs }
  const prisma = new PrismaClient({ adapter: new PrismaPg(foundation.pool), transactionOptions })
  const core: Omit<Dependencies, 'mailRequests'> = {
    ...foundation,
    config,
    prisma,
    messaging,
    accessTokens,
    passwords: overrides.passwords ?? createPasswords(),
    sealToken: createTokenSealer(config.notificationsPublicKey),
    async transact(work) {
      const result = await prisma.$transaction(work)
      messaging.relay.nudge()
      return result
    },
    async close() {
      messaging.close()
      foundation.revocations.close()
      await prisma.$disconnect()
      await foundation.pool.end()
    },
  }
  return { ...core, mailRequests: createMailRequests(core) }
}
