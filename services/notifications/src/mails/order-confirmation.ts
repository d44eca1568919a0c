import type { Currency, Minor, Seat } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { countOf, priceOf, seatOf } from './formats.ts'
import {
  button,
  card,
  frame,
  kicker,
  labelled,
  paragraph,
  quiet,
  section,
  sideBySide,
  title,
} from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface ShownTicket {
  ticketNumber: string
  typeName: string
  holderName: string
  seat?: Seat
  unitPrice: Minor
  currency: Currency
  /** Content id of the image of its QR code, for the first tickets. */
  codeCid?: string
}

export interface OrderConfirmation {
  reader: Reader
  event: ShownEvent
  order: { orderNumber: string; totalAmount: Minor; currency: Currency }
  tickets: readonly ShownTicket[]
  /** Name of the attached PDF with all tickets, or their link if it is too large for a mail. */
  where: { pdfName: string } | { url: string }
}

/** Tickets whose QR code is in the mail itself; the PDF has all of them. */
export const CODES_MAX = 10
/** Tickets that are listed: mail programs cut longer mails. */
const LISTED_MAX = 50

const ticketFacts = `
  <mj-text css-class="label" font-size="12px" line-height="18px" font-weight="600" color="#667085"
    padding="8px 0 0">{{ordinal}}</mj-text>
  <mj-text css-class="title" font-size="20px" line-height="26px" font-weight="700"
    padding="0 0 6px">{{typeName}}</mj-text>
  <mj-text css-class="number" font-size="16px" line-height="22px"
    font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
    padding="0 0 8px">{{ticketNumber}}</mj-text>
  ${each('seats', '<mj-text css-class="ink" font-weight="600">{{seat}}</mj-text>')}
  <mj-text css-class="ink">{{holderName}}</mj-text>
  <mj-text css-class="ink" padding="0 0 8px">{{price}}</mj-text>`

const codedTicket = card(`
  <mj-section>
    <mj-column width="42%" vertical-align="middle">
      <mj-image css-class="code" src="cid:{{codeCid}}" alt="QR code of ticket {{ticketNumber}}"
        width="208px" container-background-color="#ffffff" border-radius="8px" />
    </mj-column>
    <mj-column width="58%" vertical-align="middle">
      ${ticketFacts}
    </mj-column>
  </mj-section>`)

const plainTicket = card(section(ticketFacts))

const opening =
  kicker('Order confirmed') +
  title('{{eventName}}') +
  paragraph('Hi {{firstName}}, your order is confirmed. {{here}}') +
  each('links', button('Go to your tickets', '{{url}}'))

export const orderConfirmationTemplate = await compileTemplate(
  frame(`
    ${card(`
      ${section(opening)}
      ${whenAndWhere()}`)}
    ${each('codedTickets', codedTicket)}
    ${each('plainTickets', plainTicket)}
    ${each('more', card(section(paragraph('{{words}}'))))}
    ${card(`
      ${sideBySide(
        labelled('Order', '{{orderNumber}}', '{{count}}'),
        labelled('Total', '{{total}}', '{{paid}}'),
      )}
      ${section(
        quiet('Each code admits one person, once: whoever shows it first. Keep this mail to yourself.'),
      )}`)}`),
)

/** The mail with an order's tickets: all in one PDF, the first QR codes in the mail. */
export function orderConfirmationMail({ reader, event, order, tickets, where }: OrderConfirmation): Mail {
  const { locale } = reader
  const about = eventValues(event, locale)
  const listed = tickets
    .slice(0, LISTED_MAX)
    .map((ticket, index) => valuesOf(ticket, `Ticket ${index + 1} of ${tickets.length}`, locale))
  const more =
    tickets.length > listed.length ? `And ${countOf(tickets.length - listed.length, 'ticket')} more.` : null
  const subject = oneLine(`Your ${tickets.length === 1 ? 'ticket' : 'tickets'} for ${about.eventName}`)
  const count = countOf(tickets.length, 'ticket')
  const total = priceOf(order.totalAmount, order.currency, locale)
  const firstName = oneLine(reader.firstName)
  const coded = tickets.filter(({ codeCid }) => codeCid).length
  const values = {
    ...about,
    subject,
    preview: `${count} · ${about.day}, ${about.time} · ${about.venueName}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${order.orderNumber}).`,
    firstName,
    here: [codesBelow(coded, tickets.length), whereAll(where, tickets.length)].filter(Boolean).join(' '),
    links: 'url' in where ? [where] : [],
    codedTickets: listed.filter(({ codeCid }) => codeCid),
    plainTickets: listed.filter(({ codeCid }) => !codeCid),
    more: more === null ? [] : [{ words: more }],
    orderNumber: order.orderNumber,
    count,
    total,
    paid: order.totalAmount === 0 ? 'Nothing to pay' : 'Paid',
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `Your order ${order.orderNumber} is confirmed. ${whereAll(where, tickets.length)}`,
    'url' in where ? where.url : `Attached: ${where.pdfName}`,
    eventLines(event, locale),
    ...listed.map(({ ordinal, typeName, ticketNumber, seats, holderName, price }) =>
      [
        `${ordinal}: ${typeName}`,
        `  Number: ${ticketNumber}`,
        ...seats.map(({ seat }) => `  Seat: ${seat}`),
        `  Holder: ${holderName}`,
        `  Price: ${price}`,
      ].join('\n'),
    ),
    more,
    `Order: ${order.orderNumber}\nTotal: ${total} (${count})`,
    'Each code admits one person, once: whoever shows it first. Keep this mail to yourself.',
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: orderConfirmationTemplate(values), text, values }
}

function codesBelow(coded: number, count: number): string {
  if (coded === 0) return ''
  if (coded < count)
    return `Have the codes scanned at the entrance: those of the first ${coded} tickets are below.`
  return count === 1
    ? 'Have the code below scanned at the entrance.'
    : 'Have the codes below scanned at the entrance.'
}

function whereAll(where: OrderConfirmation['where'], count: number): string {
  if ('url' in where)
    return (
      'A PDF of all of them is too large for a mail: they are in your Boxoffice account, ' +
      'each with its code and its PDF.'
    )
  if (count === 1) return 'Attached is your ticket as a PDF with its code, to print or to keep on your phone.'
  return (
    `Attached is one PDF with all ${count} tickets, a page each with its code, ` +
    'to print or to keep on your phone.'
  )
}

const valuesOf = (ticket: ShownTicket, ordinal: string, locale: string) => ({
  ordinal,
  ticketNumber: oneLine(ticket.ticketNumber),
  typeName: oneLine(ticket.typeName),
  holderName: oneLine(ticket.holderName),
  seats: ticket.seat ? [{ seat: oneLine(seatOf(ticket.seat)) }] : [],
  price: priceOf(ticket.unitPrice, ticket.currency, locale),
  codeCid: ticket.codeCid ?? '',
})
