import type { BounceReason, mailBounced, Payload } from '@boxoffice/contracts'
import { currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { type Logger, withCorrelationId } from '@boxoffice/service-kit'
import type { Tx } from '../database.ts'
import { markSent } from '../notifications/notification-repository.ts'
import { lockMail, markBounced, type ReportedMail } from './feedback-repository.ts'

interface Delivery {
  notification: ReportedMail
  deliveredAt: Date
  providerMessageId: string
  origin: MessageOrigin
}

export interface ReportedMailOptions {
  ticketUpdates: {
    publishDelivered(tx: Tx, delivered: readonly Delivery[]): Promise<void>
    publishBounced(tx: Tx, mail: ReportedMail, reason: string): Promise<void>
  }
  mailStatus: {
    publishDelivered(tx: Tx, delivered: readonly Delivery[]): Promise<void>
    publishFailed(tx: Tx, mail: ReportedMail, outcome: 'BOUNCED', reason: string): Promise<void>
  }
  logger: Logger
}

type MailFeedback = Pick<Payload<typeof mailBounced>, 'notificationId' | 'providerMessageId' | 'sentAt'>

/** Records what feedback says about our mails, and publishes it. */
export function createReportedMails({ ticketUpdates, mailStatus, logger }: ReportedMailOptions) {
  /**
   * Locks the mail and records it as sent if that is new: feedback may arrive before the sender has recorded
   * it, or after the sender died. Returns null if the mail is not ours.
   */
  async function lockSent(tx: Tx, feedback: MailFeedback, isBounce: boolean): Promise<ReportedMail | null> {
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

  return { lockSent, recordBounce }
}
