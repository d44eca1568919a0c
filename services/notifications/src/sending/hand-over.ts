import type { PushProvider } from '../push/push-provider.ts'
import type { Composed } from './compose.ts'
import type { Prepare } from './composition.ts'
import type { MailProvider } from './mail-provider.ts'
import { mimeOf, type Sender } from './mime.ts'
import type { SmsProvider } from './sms-provider.ts'

export const createPrepare =
  (channels: {
    mail: MailProvider
    sms: SmsProvider
    push: PushProvider | null
    sender: Sender
  }): Prepare<Composed> =>
  async (composed, about) => {
    if (composed.channel === 'SMS') return () => channels.sms.send(composed.text, composed.phoneNumber)
    if (composed.channel === 'PUSH') {
      const { push } = channels
      if (!push) throw new Error('pushes are not configured')
      return () => push.send(composed.message, about)
    }
    const mime = await mimeOf(composed, { ...about, sender: channels.sender })
    return () =>
      channels.mail.send(mime, { address: composed.to.address, notificationId: about.notificationId })
  }
