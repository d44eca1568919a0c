import type { NotificationType } from '@boxoffice/contracts'
import MailComposer from 'nodemailer/lib/mail-composer'
import { asLines, oneLine, plainLine } from '../mails/mail.ts'
import type { ComposedMail } from './compose-mail.ts'

export interface Sender {
  /** The address of every mail. */
  from: string
  /** Addresses for replies; empty: the sender. */
  replyTo: readonly string[]
}

/**
 * Encodes a mail. Its Message-ID and X-Notification-Id come from the notification, so that a mail sent twice
 * is recognised. (SES replaces the Message-ID, and keeps the other.)
 */
export function mimeOf(
  { mail, to, attachments, oneClickUrl }: ComposedMail,
  about: { notificationId: string; type: NotificationType; sender: Sender; date: Date },
): Promise<Buffer> {
  const { notificationId, type, sender, date } = about
  const domain = sender.from.slice(sender.from.lastIndexOf('@') + 1)
  const kind = type.toLowerCase().replaceAll('_', '-')
  const composer = new MailComposer({
    from: { name: 'Boxoffice', address: sender.from },
    to: { name: plainLine(to.name), address: to.address },
    ...(sender.replyTo.length > 0 && { replyTo: [...sender.replyTo] }),
    subject: oneLine(mail.subject),
    messageId: `<${notificationId}@${domain}>`,
    date,
    headers: {
      'X-Notification-Id': notificationId,
      'List-Id': `Boxoffice <${kind}.${domain}>`,
      'List-Help': `<mailto:${sender.replyTo[0] ?? sender.from}>`,
      // RFC 8058: lets mail programs unsubscribe from optional mails with one click.
      ...(oneClickUrl && {
        'List-Unsubscribe': `<${oneClickUrl}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }),
      // Suppresses automatic replies.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
    // Quoted-printable is several times slower to write and to read.
    textEncoding: 'base64',
    text: asLines(mail.text),
    html: asLines(mail.html),
    attachments: attachments.map(({ content, ...attachment }) => ({
      ...attachment,
      content: Buffer.from(content),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}
