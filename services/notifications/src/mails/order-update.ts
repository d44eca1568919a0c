import type { OrderStatus } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { button, card, frame, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface OrderUpdate {
  reader: Reader
  event: ShownEvent
  orderNumber: string
}

const status = each('links', button('See where it stands', '{{url}}'))

export const orderUpdateTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`${title('{{title}}')}${paragraph('Hi {{firstName}}, {{lead}}')}${paragraph('{{more}}')}`)}
      ${whenAndWhere()}
      ${section(labelled('Order', '{{orderNumber}}') + status)}`),
  ),
)

/** The mail about an order in progress; a mail about its result follows. */
export function orderCreatedMail(order: OrderUpdate): Mail {
  const { eventName } = eventValues(order.event, order.reader.locale)
  return updateMail(order, {
    subject: `We have your order for ${eventName}`,
    title: 'We have your order',
    lead: `we are working on your order ${order.orderNumber} for ${eventName}.`,
    more:
      'You need not wait: as soon as it is through, your tickets come by mail. ' +
      'Should it not go through, you hear that too.',
  })
}

/** What mails, text messages and pages say about each order status, and about what comes next. */
export const statusTexts: Readonly<Record<OrderStatus, { now: string; more: string }>> = {
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
    more:
      'The tickets that are given back are not valid any more. ' +
      'You hear from us again when the money is on its way.',
  },
  REFUNDED: {
    now: 'refunded',
    more: 'Its tickets are not valid any more. A mail of its own says what went back to you.',
  },
}

/** The mail about an order's new status. `url`: the page that shows it. */
export function orderStatusChangedMail({
  status,
  url,
  ...order
}: OrderUpdate & { status: OrderStatus; url: string }): Mail {
  const { eventName } = eventValues(order.event, order.reader.locale)
  const { now, more } = statusTexts[status]
  return updateMail(order, {
    subject: `Your order for ${eventName} is ${now}`,
    title: `Your order is ${now}`,
    lead: `your order ${order.orderNumber} for ${eventName} is ${now}.`,
    more,
    url,
  })
}

function updateMail(
  { reader, event, orderNumber }: OrderUpdate,
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
  return { subject, html: orderUpdateTemplate(values), text, values }
}
