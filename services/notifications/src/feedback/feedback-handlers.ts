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
import { markSent } from '../notifications/notification-repository.ts'
import { addressHashOf } from '../suppressions/suppression.ts'
import { suppress } from '../suppressions/suppression-repository.ts'
import {
  lockMail,
  markBounced,
  markComplained,
  markDelayed,
  type ReportedMail,
} from './feedback-repository.ts'
import type { FeedbackMetrics } from './metrics.ts'

interface Delivery {
  notification: ReportedMail
  deliveredAt: Date
  providerMessageId: string
  origin: MessageOrigin
}

interface FeedbackOptions {
  ticketUpdates: {
    publishDelivered(tx: Tx, delivered: readonly Delivery[]): Promise<void>
    publishBounced(tx: Tx, mail: ReportedMail, reason: string): Promise<void>
  }
  mailStatus: {
    publishDelivered(tx: Tx, delivered: readonly Delivery[]): Promise<void>
    publishFailed(tx: Tx, mail: ReportedMail, outcome: 'BOUNCED', reason: string): Promise<void>
  }
  logger: Logger
  feedbackMetrics: FeedbackMetrics
}

type Bounced = Payload<typeof mailBounced>
type Rejected = Payload<typeof mailRejected>
type Delayed = Payload<typeof mailDelayed>
type Complained = Payload<typeof mailComplained>
type MailFeedback = Pick<Bounced, 'notificationId' | 'providerMessageId' | 'sentAt'>

/** Creates the handlers of mail feedback. Each runs in the transaction that records its message. */
export function createFeedbackHandlers({
  ticketUpdates,
  mailStatus,
  logger,
  feedbackMetrics,
}: FeedbackOptions) {
  /**
   * Locks the mail and records it as sent if that is new: feedback may arrive before the sender has recorded
   * it, or after the sender died. Returns null if the mail is not ours.
   */
  async function findSent(tx: Tx, feedback: MailFeedback, isBounce: boolean): Promise<ReportedMail | null> {
    const mail = await lockMail(tx, feedback)
    if (!mail) {
      logger.warn(
        { providerMessageId: feedback.providerMessageId },
        'mail feedback was about an unknown mail',
      )
      return null
    }
    const { providerMessageId, sentAt } = feedback
    const { notificationId, subject } = mail
    const isNewlySent =
      mail.status === 'SENDING' &&
      (await markSent(tx, [{ notificationId, subject, providerMessageId, sentAt }])).has(notificationId)
    if (isNewlySent && !isBounce)
      await withCorrelationId(mail.correlationId, async () => {
        const delivered = [
          { notification: mail, deliveredAt: sentAt, providerMessageId, origin: currentOrigin() },
        ]
        await ticketUpdates.publishDelivered(tx, delivered)
        await mailStatus.publishDelivered(tx, delivered)
      })
    return mail
  }

  async function recordBounce(
    tx: Tx,
    mail: ReportedMail,
    why: { at: Date; reason: BounceReason },
  ): Promise<void> {
    const { notificationId, type, correlationId, recipientId, requestedBy, attempts } = mail
    if (!(await markBounced(tx, notificationId, why))) return
    await withCorrelationId(correlationId, async () => {
      const asker = requestedBy && { requestedBy }
      logger.error(
        { notificationId, type, recipientId, attempts, ...asker, reason: why.reason },
        'mail bounced',
      )
      await ticketUpdates.publishBounced(tx, mail, why.reason)
      await mailStatus.publishFailed(tx, mail, 'BOUNCED', why.reason)
    })
  }

  async function suppressAll(
    tx: Tx,
    feedback: Bounced | Complained,
    cause: 'BOUNCE' | 'COMPLAINT',
    mail: ReportedMail | null,
  ) {
    const { at: since, reason, addresses } = feedback
    const about = { cause, reason, since, ...(mail && { notificationId: mail.notificationId }) }
    for (const hash of [...new Set(addresses.map(addressHashOf))].sort()) await suppress(tx, hash, about)
  }

  return {
    /** The mail is lost. A permanent bounce also suppresses the address. */
    async bounced(tx: Tx, feedback: Bounced): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('bounced'))
      const mail = await findSent(tx, feedback, true)
      if (feedback.permanent) await suppressAll(tx, feedback, 'BOUNCE', mail)
      if (mail) await recordBounce(tx, mail, feedback)
    },
    /** Rejected because of its content; the address is not suppressed. */
    async rejected(tx: Tx, feedback: Rejected): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('rejected'))
      const mail = await findSent(tx, feedback, true)
      if (mail) await recordBounce(tx, mail, feedback)
    },
    async delayed(tx: Tx, feedback: Delayed): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('delayed'))
      const mail = await lockMail(tx, feedback)
      if (mail) await markDelayed(tx, mail.notificationId, feedback)
    },
    async complained(tx: Tx, feedback: Complained): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('complained'))
      const mail = await findSent(tx, feedback, feedback.undelivered)
      await suppressAll(tx, feedback, 'COMPLAINT', mail)
      if (!mail) return
      await markComplained(tx, mail.notificationId, feedback.at)
      logger.warn(
        { notificationId: mail.notificationId, type: mail.type },
        'recipient complained about a mail',
      )
      if (feedback.undelivered) await recordBounce(tx, mail, { at: feedback.at, reason: 'KNOWN_TO_FAIL' })
    },
  }
}
export type Feedback = ReturnType<typeof createFeedbackHandlers>
