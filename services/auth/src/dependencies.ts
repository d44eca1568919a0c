import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createFoundation, createPrismaDatabase, type Foundation } from '@boxoffice/service-kit'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Config } from './config.ts'
import type { Database } from './database.ts'
import { type Prisma, PrismaClient } from './generated/prisma/client.ts'
import { createTokenSealer, type SealToken } from './mailed-tokens/mailed-token.ts'
import { createPasswords, type Passwords } from './passwords/passwords.ts'
import { createMailRequests, type MailRequests } from './recovery/mail-requests.ts'
import { type AccessTokens, createAccessTokens } from './sessions/access-tokens.ts'

export interface Dependencies extends Omit<Foundation, 'db'> {
  config: Config
  db: Database
  messaging: Messaging
  accessTokens: AccessTokens
  passwords: Passwords
  sealToken: SealToken
  /** Requests for mails, and their worker. */
  mailRequests: MailRequests
  close(): Promise<void>
}

/** Creates the dependencies. `overrides` are for tests: another clock, another hash function. */
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
    db: createPrismaDatabase<Prisma.TransactionClient>({ prisma, logger: foundation.logger }),
    messaging,
    accessTokens,
    passwords: overrides.passwords ?? createPasswords(),
    sealToken: createTokenSealer(config.notificationsPublicKey),
    async close() {
      messaging.close()
      foundation.revocations.close()
      await prisma.$disconnect()
      await foundation.pool.end()
    },
  }
  return { ...core, mailRequests: createMailRequests(core) }
}
