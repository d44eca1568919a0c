import type { NotificationType } from '@boxoffice/contracts'
import type { ComposedMail, ComposedText } from './compose.ts'
import type { Handed, MailProvider } from './mail-provider.ts'
import { mimeOf, type Sender } from './mime.ts'
import type { SmsProvider } from './sms-provider.ts'

/** Something that is all ready: calling it hands it to its provider, once. */
export type HandOver = () => Promise<Handed>

/** Makes what was composed ready for its channel's provider. */
export type Prepare = (
  composed: ComposedMail | ComposedText,
  about: { notificationId: string; type: NotificationType; date: Date },
) => Promise<HandOver>

export const createPrepare =
  (channels: { mail: MailProvider; sms: SmsProvider; sender: Sender }): Prepare =>
  async (composed, about) => {
    if (composed.channel === 'SMS') return () => channels.sms.send(composed.text, composed.phoneNumber)
    const mime = await mimeOf(composed, { ...about, sender: channels.sender })
    return () => channels.mail.send(mime, { address: composed.to.address, notificationId: about.notificationId })
  }
