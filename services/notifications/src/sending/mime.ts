import type { NotificationType } from '@boxoffice/contracts'
import MailComposer from 'nodemailer/lib/mail-composer'
import { asLines, oneLine, plainLine } from '../mails/mail.ts'
import type { ComposedMail } from './compose.ts'

export interface Sender {
  /** The address of every mail. */
  from: string
  /** Where answers go; empty: to the sender. */
  replyTo: readonly string[]
}

/**
 * A mail as it travels. Its Message-ID and X-Notification-Id are the notification's: sent twice, it is
 * recognised. (SES puts a Message-ID of its own in place of ours, and keeps the other.)
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
      // RFC 8058: where the mail is not owed, one press in the mail program ends such mails.
      ...(oneClickUrl && {
        'List-Unsubscribe': `<${oneClickUrl}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }),
      // No absence notes in answer to a machine.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
    // Quoted-printable takes several times as long to write and to read.
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
