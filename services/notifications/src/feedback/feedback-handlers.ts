import type { mailBounced, mailComplained, mailDelayed, mailRejected, Payload } from '@boxoffice/contracts'
import type { Tx } from '../database.ts'
import { addressHashOf } from '../suppressions/suppression.ts'
import { suppress } from '../suppressions/suppression-repository.ts'
import { lockMail, markComplained, markDelayed, type ReportedMail } from './feedback-repository.ts'
import type { FeedbackMetrics } from './metrics.ts'
import { createReportedMails, type ReportedMailOptions } from './reported-mails.ts'

interface FeedbackOptions extends ReportedMailOptions {
  feedbackMetrics: FeedbackMetrics
}

type Bounced = Payload<typeof mailBounced>
type Rejected = Payload<typeof mailRejected>
type Delayed = Payload<typeof mailDelayed>
type Complained = Payload<typeof mailComplained>

/** Creates the handlers of mail feedback. Each runs in the transaction that records its message. */
export function createFeedbackHandlers(options: FeedbackOptions) {
  const { logger, feedbackMetrics } = options
  const { lockSent, recordBounce } = createReportedMails(options)

  return {
    /** The mail is lost. A permanent bounce also suppresses the address. */
    async bounced(tx: Tx, feedback: Bounced): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('bounced'))
      const mail = await lockSent(tx, feedback, true)
      if (feedback.permanent) await suppressAll(tx, feedback, 'BOUNCE', mail)
      if (mail) await recordBounce(tx, mail, feedback)
    },
    /** Rejected because of its content; the address is not suppressed. */
    async rejected(tx: Tx, feedback: Rejected): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('rejected'))
      const mail = await lockSent(tx, feedback, true)
      if (mail) await recordBounce(tx, mail, feedback)
    },
    async delayed(tx: Tx, feedback: Delayed): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('delayed'))
      const mail = await lockMail(tx, feedback)
      if (mail) await markDelayed(tx, mail.notificationId, feedback)
    },
    async complained(tx: Tx, feedback: Complained): Promise<void> {
      tx.afterCommit(() => feedbackMetrics.count('complained'))
      const mail = await lockSent(tx, feedback, feedback.undelivered)
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
export type FeedbackHandlers = ReturnType<typeof createFeedbackHandlers>

/** Suppresses the addresses of feedback, in a fixed order to avoid deadlocks. */
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
