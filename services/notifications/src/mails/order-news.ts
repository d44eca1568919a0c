import type { OrderStatus } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { button, card, frame, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface OrderNews {
  reader: Reader
  event: ShownEvent
  orderNumber: string
}

export const orderNewsTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`${title('{{title}}')}${paragraph('Hi {{firstName}}, {{lead}}')}${paragraph('{{more}}')}`)}
      ${whenAndWhere()}
      ${section(`${labelled('Order', '{{orderNumber}}')}${each('links', button('See where it stands', '{{url}}'))}`)}`),
  ),
)

/** An order that is worked on: a mail about its end follows. */
export function orderCreatedMail(order: OrderNews): Mail {
  const { eventName } = eventValues(order.event, order.reader.locale)
  return newsMail(order, {
    subject: `We have your order for ${eventName}`,
    title: 'We have your order',
    lead: `we are working on your order ${order.orderNumber} for ${eventName}.`,
    more: 'You need not wait: as soon as it is through, your tickets come by mail. Should it not go through, you hear that too.',
  })
}

/** In words, what an order in each state is now, and what comes next. */
export const standings: Readonly<Record<OrderStatus, { now: string; more: string }>> = {
  PENDING: { now: 'being worked on', more: 'As soon as it is through, your tickets come by mail.' },
  PAID: { now: 'paid', more: 'Your tickets are being made, and come by mail.' },
  CONFIRMED: {
    now: 'confirmed',
    more: 'Its tickets are in your Boxoffice account and in a mail of their own.',
  },
  FAILED: { now: 'not gone through', more: 'A mail of its own says why.' },
  CANCELLED: { now: 'cancelled', more: 'It has no tickets any more, and nothing is charged for it.' },
  REFUND_PENDING: {
    now: 'being refunded',
    more: 'The tickets that are given back are not valid any more. You hear from us again when the money is on its way.',
  },
  REFUNDED: {
    now: 'refunded',
    more: 'Its tickets are not valid any more. A mail of its own says what went back to you.',
  },
}

/** Where an order stands now; `url`: where that can be seen later. */
export function orderStatusChangedMail({
  status,
  url,
  ...order
}: OrderNews & { status: OrderStatus; url: string }): Mail {
  const { eventName } = eventValues(order.event, order.reader.locale)
  const { now, more } = standings[status]
  return newsMail(order, {
    subject: `Your order for ${eventName} is ${now}`,
    title: `Your order is ${now}`,
    lead: `your order ${order.orderNumber} for ${eventName} is ${now}.`,
    more,
    url,
  })
}

function newsMail(
  { reader, event, orderNumber }: OrderNews,
  words: { subject: string; title: string; lead: string; more: string; url?: string },
): Mail {
  const subject = oneLine(words.subject)
  const firstName = oneLine(reader.firstName)
  const { lead, more, url } = words
  const values = {
    ...eventValues(event, reader.locale),
    subject,
    preview: more,
    reason: `You get this mail because you ordered tickets at Boxoffice (${orderNumber}).`,
    title: words.title,
    firstName,
    lead,
    more,
    orderNumber,
    links: url ? [{ url }] : [],
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `${lead.charAt(0).toUpperCase()}${lead.slice(1)}`,
    more,
    eventLines(event, reader.locale),
    url ? `Order: ${orderNumber}\nSee where it stands: ${url}` : `Order: ${orderNumber}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: orderNewsTemplate(values), text, values }
}
