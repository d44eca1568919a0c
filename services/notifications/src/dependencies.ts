import { type Aws, createAws, createMessaging, type Messaging } from '@boxoffice/messaging'
import {
  createFoundation,
  createPrismaDatabase,
  type Foundation,
  type SqlDatabase,
} from '@boxoffice/service-kit'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Config } from './config.ts'
import { type ContactTokens, createContactLinks, createContactTokens } from './contacts/contact-token.ts'
import type { Database } from './database.ts'
import type { DeadLetterGauge } from './dead-letters/monitor.ts'
import { createFeedbackHandlers, type FeedbackHandlers } from './feedback/feedback-handlers.ts'
import { createFeedbackMetrics } from './feedback/metrics.ts'
import { type Prisma, PrismaClient } from './generated/prisma/client.ts'
import { createPlaces } from './limits/places.ts'
import { createLogWatch, type WatchLog } from './notifications/log-watch.ts'
import { createPeers, type Peers } from './peers/peers.ts'
import { createFindTakenPush, createPushProvider, type PushProvider } from './push/push-provider.ts'
import { createPushService } from './push/push-service.ts'
import { type Composer, createComposer } from './sending/compose.ts'
import { createDelivery } from './sending/deliver.ts'
import { createPrepare } from './sending/hand-over.ts'
import { createSesProvider, type MailProvider } from './sending/mail-provider.ts'
import { createMailStatusPublisher } from './sending/mail-status.ts'
import { createSendingMetrics } from './sending/metrics.ts'
import { createTokenOpener } from './sending/sealed-token.ts'
import { createSender, type Sender } from './sending/sender.ts'
import { createSnsProvider, type SmsProvider } from './sending/sms-provider.ts'
import { createTicketUpdatePublisher } from './sending/ticket-update.ts'
import { createOperatorTemplates, type OperatorTemplates } from './templates/operator-templates.ts'
import { createOrderLinks, createOrderTokens, type OrderTokens } from './tracking/order-token.ts'
import { createUnsubscribeLinks } from './unsubscribing/links.ts'
import { createUnsubscribeTokens, type UnsubscribeTokens } from './unsubscribing/unsubscribe-token.ts'

export interface Dependencies extends Omit<Foundation, 'db'> {
  config: Config
  /** Without Prisma, for work that mails wait for. */
  sql: SqlDatabase
  db: Database
  messaging: Messaging
  aws: Aws
  peers: Peers
  deadLetters: DeadLetterGauge
  mail: MailProvider
  sms: SmsProvider
  /** null: this installation sends no pushes. */
  push: PushProvider | null
  sender: Sender
  whyNot: Composer['whyNot']
  feedback: FeedbackHandlers
  watchLog: WatchLog
  unsubscribeTokens: UnsubscribeTokens
  orderTokens: OrderTokens
  contactTokens: ContactTokens
  templates: OperatorTemplates
  close(): Promise<void>
}

/** Creates the dependencies. `templates`: those of the operator (`readTemplates`). */
export function createDependencies(
  config: Config,
  userKeys?: Parameters<typeof createFoundation>[1],
  templates: OperatorTemplates = createOperatorTemplates(new Map()),
): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, db: sql, metrics, now, logger } = foundation
  const { policies } = config
  const { waitMs, statementTimeoutMs } = config.databaseLimits
  const transactionOptions = { maxWait: waitMs, timeout: statementTimeoutMs }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions, errorFormat: 'minimal' })
  const messaging = createMessaging(foundation, config.messaging)
  const aws = createAws(config.messaging)
  const db = createPrismaDatabase<Prisma.TransactionClient>({ prisma, logger })
  const peers = createPeers(config, foundation)
  const mail = createSesProvider(config.ses, policies.mail, foundation)
  const sms = createSnsProvider(config.sms, policies.sms, foundation)
  const push = createPushes(config, foundation)
  const deadLetters = metrics.gauge('dead_letters', 'dead letters per queue at the last check', ['queue'])
  const publishers = {
    ticketUpdates: createTicketUpdatePublisher(messaging),
    mailStatus: createMailStatusPublisher(messaging),
  }
  const tokens = createTokens(config)
  const composer = createComposer(composerDepsOf(config, foundation, { tokens, peers, templates, push }))
  const sender = createNotificationSender(config, foundation, { publishers, composer, mail, sms, push })
  return {
    ...foundation,
    config,
    sql,
    db,
    messaging,
    aws,
    peers,
    deadLetters,
    mail,
    sms,
    push,
    sender,
    whyNot: composer.whyNot,
    feedback: createFeedbackHandlers({
      ...publishers,
      logger,
      feedbackMetrics: createFeedbackMetrics(sql, metrics),
    }),
    watchLog: createLogWatch({ db, now, logger, pollMs: config.logPollMs }),
    ...tokens,
    templates,
    async close() {
      mail.close()
      sms.close()
      await push?.close()
      await peers.close()
      messaging.close()
      aws.close()
      foundation.revocations.close()
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** Creates the signers of the tokens in mailed links. */
const createTokens = ({ privateKey }: Config) => ({
  unsubscribeTokens: createUnsubscribeTokens(privateKey),
  orderTokens: createOrderTokens(privateKey),
  contactTokens: createContactTokens(privateKey),
})

interface SenderParts {
  publishers: {
    ticketUpdates: ReturnType<typeof createTicketUpdatePublisher>
    mailStatus: ReturnType<typeof createMailStatusPublisher>
  }
  composer: Pick<Composer, 'compose'>
  mail: MailProvider
  sms: SmsProvider
  push: PushProvider | null
}

/** Creates the sender: what it composes, delivers and records, and how fast. */
function createNotificationSender(config: Config, foundation: Foundation, parts: SenderParts): Sender {
  const { db: sql, metrics } = foundation
  const { delivery, policies } = config
  const { mail, sms, push } = parts
  const sendingMetrics = createSendingMetrics(sql, metrics)
  const deliver = createDelivery({
    ...foundation,
    ...delivery,
    ...parts.publishers,
    compose: parts.composer.compose,
    sendingMetrics,
    findTakenPush: createFindTakenPush(sql),
    places: createPlaces({ ...foundation, ...delivery, sendingMetrics }),
    prepare: createPrepare({ mail, sms, push, sender: config.sender }),
    firstWaitMs: {
      EMAIL: policies.mail.retry?.firstWaitMs ?? 0,
      SMS: policies.sms.retry?.firstWaitMs ?? 0,
      PUSH: policies.push.retry?.firstWaitMs ?? 0,
    },
  })
  const rates = {
    EMAIL: policies.mail.ratePerSecond,
    SMS: policies.sms.ratePerSecond,
    PUSH: policies.push.ratePerSecond,
  }
  return createSender({ ...foundation, ...delivery, sql, deliver, rates })
}

const composerDepsOf = (
  { publicUrl, privateKey, reminderLeadMs, bulkTicketsMin, mailBytesMax }: Config,
  { now }: Foundation,
  {
    tokens,
    peers,
    templates,
    push,
  }: { tokens: ReturnType<typeof createTokens> } & Pick<Dependencies, 'peers' | 'templates' | 'push'>,
) => ({
  peers,
  templates,
  openToken: createTokenOpener(privateKey),
  unsubscribeLinksOf: createUnsubscribeLinks(tokens.unsubscribeTokens, publicUrl),
  orderLinkOf: createOrderLinks(tokens.orderTokens, publicUrl),
  contactLinkOf: createContactLinks(tokens.contactTokens, publicUrl),
  publicUrl,
  reminderLeadMs,
  push,
  now,
  bulkTicketsMin,
  mailBytesMax,
})

/** Creates the push provider, if pushes are configured. */
function createPushes({ push, policies }: Config, foundation: Foundation): PushProvider | null {
  if (!push.vapid) return null
  const service = createPushService(push, push.vapid, policies, foundation)
  const { db, metrics, logger, now } = foundation
  const { publicKey } = push.vapid
  return createPushProvider({
    publicKey,
    sql: db,
    send: service.send,
    closeService: service.close,
    metrics,
    logger,
    now,
  })
}
