import type {
  BounceReason,
  mailBounced,
  mailComplained,
  mailDelayed,
  mailRejected,
  Payload,
} from '@boxoffice/contracts'
import { currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { type Logger, withCorrelationId } from '@boxoffice/service-kit'
import type { Tx } from '../database.ts'
import { settleSent } from '../notifications/notification-repository.ts'
import { addressHashOf } from '../suppressions/suppression.ts'
import { suppress } from '../suppressions/suppression-repository.ts'
import { lockMail, markBounced, markComplained, markDelayed, type ToldMail } from './feedback-repository.ts'
import type { FeedbackMetrics } from './metrics.ts'

interface Delivery {
  notification: ToldMail
  deliveredAt: Date
  providerMessageId: string
  origin: MessageOrigin
}

interface FeedbackOptions {
  ticketNews: {
    tellDelivered(tx: Tx, delivered: readonly Delivery[]): Promise<void>
    tellCameBack(tx: Tx, mail: ToldMail, reason: string): Promise<void>
  }
  requestNews: {
    tellDelivered(tx: Tx, delivered: readonly Delivery[]): Promise<void>
    tellFailed(tx: Tx, mail: ToldMail, outcome: 'BOUNCED', reason: string): Promise<void>
  }
  logger: Logger
  feedbackMetrics: FeedbackMetrics
}

type Bounced = Payload<typeof mailBounced>
type Rejected = Payload<typeof mailRejected>
type Delayed = Payload<typeof mailDelayed>
type Complained = Payload<typeof mailComplained>
type Told = Pick<Bounced, 'notificationId' | 'providerMessageId' | 'sentAt'>

/**
 * What follows from what the provider tells of a mail, in the transaction that remembers that it was told.
 */
export function createFeedback({ ticketNews, requestNews, logger, feedbackMetrics }: FeedbackOptions) {
  /**
   * The mail, locked. The provider may tell of it before our sender has written down that it was sent, or
   * when that has died: what comes back was sent. Null where it is none of ours.
   */
  async function findSent(tx: Tx, told: Told, cameBack: boolean): Promise<ToldMail | null> {
    const mail = await lockMail(tx, told)
    if (!mail) {
      logger.warn(
        { providerMessageId: told.providerMessageId },
        'the mail provider tells of a mail that is none of ours',
      )
      return null
    }
    const { providerMessageId, sentAt } = told
    const { notificationId, subject } = mail
    const isNews =
      mail.status === 'SENDING' &&
      (await settleSent(tx, [{ notificationId, subject, providerMessageId, sentAt }])).has(notificationId)
    if (isNews && !cameBack)
      await withCorrelationId(mail.correlationId, async () => {
        const delivered = [
          { notification: mail, deliveredAt: sentAt, providerMessageId, origin: currentOrigin() },
        ]
        await ticketNews.tellDelivered(tx, delivered)
        await requestNews.tellDelivered(tx, delivered)
      })
    return mail
  }

  async function comeBack(tx: Tx, mail: ToldMail, why: { at: Date; reason: BounceReason }): Promise<void> {
    const { notificationId, type, correlationId, recipientId, requestedBy, attempts } = mail
    if (!(await markBounced(tx, notificationId, why))) return
    await withCorrelationId(correlationId, async () => {
      const asker = requestedBy && { requestedBy }
      logger.error(
        { notificationId, type, recipientId, attempts, ...asker, reason: why.reason },
        'a mail came back',
      )
      await ticketNews.tellCameBack(tx, mail, why.reason)
      await requestNews.tellFailed(tx, mail, 'BOUNCED', why.reason)
    })
  }

  async function suppressAll(
    tx: Tx,
    told: Bounced | Complained,
    cause: 'BOUNCE' | 'COMPLAINT',
    mail: ToldMail | null,
  ) {
    const { at: since, reason, addresses } = told
    const about = { cause, reason, since, ...(mail && { notificationId: mail.notificationId }) }
    for (const hash of [...new Set(addresses.map(addressHashOf))].sort()) await suppress(tx, hash, about)
  }

  return {
    /** For good or for now, this mail is lost; only for good, the address gets no other. */
    async bounced(tx: Tx, told: Bounced): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('bounced'))
      const mail = await findSent(tx, told, true)
      if (told.permanent) await suppressAll(tx, told, 'BOUNCE', mail)
      if (mail) await comeBack(tx, mail, told)
    },
    /** For what is in it: the address is not to blame. */
    async rejected(tx: Tx, told: Rejected): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('rejected'))
      const mail = await findSent(tx, told, true)
      if (mail) await comeBack(tx, mail, told)
    },
    async delayed(tx: Tx, told: Delayed): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('delayed'))
      const mail = await lockMail(tx, told)
      if (mail) await markDelayed(tx, mail.notificationId, told)
    },
    async complained(tx: Tx, told: Complained): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('complained'))
      const mail = await findSent(tx, told, told.undelivered)
      await suppressAll(tx, told, 'COMPLAINT', mail)
      if (!mail) return
      await markComplained(tx, mail.notificationId, told.at)
      logger.warn({ notificationId: mail.notificationId, type: mail.type }, 'a mail was called unwanted')
      if (told.undelivered) await comeBack(tx, mail, { at: told.at, reason: 'KNOWN_TO_FAIL' })
    },
  }
}
export type Feedback = ReturnType<typeof createFeedback>
