import {
  codeMissing,
  type FormOutcome,
  type MailedPage,
  ServiceUnavailable,
  tokenOfForm,
} from '@boxoffice/service-kit'
import { oneLine } from '../mails/mail.ts'
import { statusTexts } from '../mails/order-update.ts'
import type { Peers } from '../peers/peers.ts'
import type { OrderTokens } from './order-token.ts'

interface Deps {
  orderTokens: OrderTokens
  peers: Pick<Peers, 'find'>
}

const invalid: FormOutcome = {
  status: 404,
  done: true,
  text: 'This link is not valid. Open it again from the message, or copy all of it.',
}
const unavailable: FormOutcome = {
  status: 503,
  text: 'Orders cannot be looked up right now. Try again in a minute.',
}

/**
 * The page of an order's status, for anyone with the link: its number, event and status, but no buyer and no
 * ticket.
 */
export const orderPage = ({ peers, orderTokens }: Deps): MailedPage => ({
  path: '/order',
  title: 'Where your order stands',
  lead: 'One press, and you see where the order stands that the message was about.',
  fields: `
      <button>Show where it stands</button>`,
  async take(sent) {
    const token = tokenOfForm(sent)
    if (token === '') return codeMissing
    const orderId = orderTokens.read(token)
    if (!orderId) return invalid
    try {
      const order = await peers.find.order(orderId)
      if (!order) return invalid
      // The event of a new order is known a moment later.
      const event = order.eventId && (await peers.find.event(order.eventId))
      const { now, more } = statusTexts[order.status]
      const what = event ? ` for ${oneLine(event.name)}` : ''
      return {
        status: 200,
        done: true,
        text: `Your order ${order.orderNumber}${what} is ${now}. ${more}`,
      }
    } catch (error) {
      if (error instanceof ServiceUnavailable) return unavailable
      throw error
    }
  },
})
