import type { EventId, EventInfo, UserId, UserInfo } from '@boxoffice/contracts'
import type { Mail } from '../mails/mail.ts'
import { orderCancelledMail } from '../mails/order-cancelled.ts'
import { orderConfirmationMail } from '../mails/order-confirmation.ts'
import { paymentFailedMail } from '../mails/payment-failed.ts'
import { refundProcessedMail } from '../mails/refund-processed.ts'
import { welcomeMail } from '../mails/welcome.ts'
import { type LeasedNotification, type MailedType, type PayloadOf, payloadOf } from '../notifications/notification.ts'
import { type Attachment, type TicketFiles, ticketFiles } from './attachments.ts'
import type { Peers } from './peers.ts'
import type { OpenToken } from './sealed-token.ts'

export interface Composed {
  mail: Mail
  to: { name: string; address: string }
  attachments: readonly Attachment[]
}
/** Why a mail has become pointless. */
export type DropReason = 'RECIPIENT_GONE' | 'EVENT_CANCELLED' | 'TICKETS_NOT_VALID'
export type Composition = { composed: Composed } | { dropped: DropReason }

type Content = { mail: Mail; attachments?: readonly Attachment[] } | { dropped: DropReason }
type Composer<T extends MailedType> = (payload: PayloadOf<T>, reader: UserInfo) => Promise<Content>

/** Gathers what a notification's mail needs from the other services, and writes it. Rejects when something cannot be had now. */
export function createComposer(deps: { peers: Peers; openToken: OpenToken; publicUrl: string; now: () => Date }) {
  const { peers, openToken, publicUrl, now } = deps

  async function eventOf(eventId: EventId): Promise<EventInfo> {
    const answer = await peers.events.getEventInfo({ params: { eventId } })
    if (answer.status !== 200) throw new Error(`there is no event ${eventId}`)
    return answer.body
  }

  async function orderOf(orderId: PayloadOf<'ORDER_CONFIRMATION'>['orderId']) {
    const answer = await peers.payments.getOrderInfo({ params: { orderId } })
    if (answer.status !== 200) throw new Error(`there is no order ${orderId}`)
    const { orderNumber, totalAmount, currency } = answer.body
    if (totalAmount === null || currency === null) throw new Error(`order ${orderId} has tickets and no prices`)
    return { orderNumber, totalAmount, currency }
  }

  const composers: { [T in MailedType]: Composer<T> } = {
    async USER_WELCOME({ sealedToken, tokenExpiresAt }, reader) {
      if (tokenExpiresAt <= now()) return { mail: welcomeMail({ reader, verification: null }) }
      const url = new URL('/verify-email', publicUrl)
      url.searchParams.set('token', await openToken(sealedToken))
      return { mail: welcomeMail({ reader, verification: { url: url.href, expiresAt: tokenExpiresAt } }) }
    },
    async ORDER_CONFIRMATION({ orderId, eventId, tickets }, reader) {
      const [event, order, files] = await Promise.all([eventOf(eventId), orderOf(orderId), ticketFiles(tickets, peers)])
      if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
      const valid = tickets.flatMap((ticket, index) => {
        const found = files[index]
        return found === undefined || found === 'GONE' ? [] : [{ ticket, files: found === 'NO_ROOM' ? null : found }]
      })
      if (valid.length === 0) return { dropped: 'TICKETS_NOT_VALID' }
      const shown = valid.map(({ ticket, files: own }) => ({
        ...ticket,
        typeName: ticket.ticketTypeName,
        ...(own && { attached: { codeCid: own.code.cid, pdfName: own.pdf.filename } }),
      }))
      const attached = valid.map((entry) => entry.files).filter((own): own is TicketFiles => own !== null)
      return {
        mail: orderConfirmationMail({ reader, event, order, tickets: shown }),
        attachments: [...attached.map(({ code }) => code), ...attached.map(({ pdf }) => pdf)],
      }
    },
    async PAYMENT_FAILED({ eventId, totalAmount, currency, ...failed }, reader) {
      const total = totalAmount === null || currency === null ? null : { amount: totalAmount, currency }
      return { mail: paymentFailedMail({ ...failed, reader, event: await eventOf(eventId), total }) }
    },
    async REFUND_PROCESSED({ eventId, orderNumber, refundAmount, currency, reason }, reader) {
      const refund = { amount: refundAmount, currency }
      return { mail: refundProcessedMail({ reader, event: await eventOf(eventId), orderNumber, refund, reason }) }
    },
    async ORDER_CANCELLED({ eventId, orderNumber, reason }, reader) {
      return { mail: orderCancelledMail({ reader, event: await eventOf(eventId), orderNumber, reason }) }
    },
  }

  return async (notification: LeasedNotification): Promise<Composition> => {
    const reader = await findReader(notification.recipientId, peers)
    if (!reader) return { dropped: 'RECIPIENT_GONE' }
    const compose = composers[notification.type] as Composer<MailedType>
    const content = await compose(payloadOf(notification.type, notification), reader)
    if ('dropped' in content) return content
    const to = { name: `${reader.firstName} ${reader.lastName}`, address: reader.email }
    return { composed: { mail: content.mail, to, attachments: content.attachments ?? [] } }
  }
}

async function findReader(userId: UserId, { auth }: Pick<Peers, 'auth'>): Promise<UserInfo | null> {
  const answer = await auth.getUser({ params: { userId } })
  return answer.status === 200 ? answer.body : null
}
