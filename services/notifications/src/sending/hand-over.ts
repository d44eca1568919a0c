import type { NotificationId, NotificationType } from '@boxoffice/contracts'
import type { Handed } from '../notifications/notification.ts'
import type { PushProvider } from '../push/push-provider.ts'
import type { Composed } from './compose.ts'
import type { MailProvider } from './mail-provider.ts'
import { mimeOf, type Sender } from './mime.ts'
import type { SmsProvider } from './sms-provider.ts'

/** Something that is all ready: calling it hands it to its provider, once. */
export type HandOver = () => Promise<Handed>

/** Makes what was composed ready for its channel's provider. */
export type Prepare = (
  composed: Composed,
  /** `isLast`: it is not tried again. */
  about: { notificationId: NotificationId; type: NotificationType; date: Date; isLast: boolean },
) => Promise<HandOver>

export const createPrepare =
  (channels: { mail: MailProvider; sms: SmsProvider; push: PushProvider | null; sender: Sender }): Prepare =>
  async (composed, about) => {
    if (composed.channel === 'SMS') return () => channels.sms.send(composed.text, composed.phoneNumber)
    if (composed.channel === 'PUSH') {
      const { push } = channels
      if (!push) throw new Error('pushes are not configured')
      return () => push.send(composed.message, about)
    }
    const mime = await mimeOf(composed, { ...about, sender: channels.sender })
    return () => channels.mail.send(mime, { address: composed.to.address, notificationId: about.notificationId })
  }
