import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createFoundation, type Foundation } from '@boxoffice/service-kit'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Config } from './config.ts'
import { type Prisma, PrismaClient } from './generated/prisma/client.ts'
import { createComposer } from './sending/compose.ts'
import { createDelivery } from './sending/deliver.ts'
import { createSesProvider, type MailProvider } from './sending/mail-provider.ts'
import { createPeers } from './sending/peers.ts'
import { createTokenOpener } from './sending/sealed-token.ts'
import { createSender } from './sending/sender.ts'

/** A transaction that Prisma opened: what repositories take first. */
export type PrismaTx = Prisma.TransactionClient
/** One transaction of Prisma's, in which our SQL may take part; after its commit the relay is told to look. */
export type Transact = <T>(work: (tx: PrismaTx) => Promise<T>) => Promise<T>

export interface Dependencies extends Foundation {
  config: Config
  prisma: PrismaClient
  messaging: Messaging
  transact: Transact
  provider: MailProvider
  sender: ReturnType<typeof createSender>
  close(): Promise<void>
}

const TRANSACTION = { maxWait: 3_000, timeout: 10_000 }

export function createDependencies(config: Config, userKeys?: Parameters<typeof createFoundation>[1]): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, metrics, now } = foundation
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const messaging = createMessaging(foundation, config.messaging)
  const transact: Transact = async (work) => {
    const result = await prisma.$transaction(work, TRANSACTION)
    messaging.relay.nudge()
    return result
  }
  const peers = createPeers(config, foundation)
  const provider = createSesProvider(config.ses, config.policies.mail, metrics)
  const { publicUrl, delivery } = config
  const deliver = createDelivery({
    ...foundation,
    ...delivery,
    prisma,
    transact,
    append: messaging.append,
    compose: createComposer({ peers, openToken: createTokenOpener(config.privateKey), publicUrl, now }),
    provider,
    sender: config.sender,
    firstWaitMs: config.policies.mail.retry?.firstWaitMs ?? 0,
  })
  return {
    ...foundation,
    config,
    prisma,
    messaging,
    transact,
    provider,
    sender: createSender({ ...foundation, ...delivery, prisma, deliver }),
    async close() {
      provider.close()
      await peers.close()
      messaging.close()
      foundation.revocations.close()
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
