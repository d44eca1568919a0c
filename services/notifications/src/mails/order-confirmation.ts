import type { Currency, Minor, Seat } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { countOf, priceOf, seatOf } from './formats.ts'
import { card, frame, kicker, labelled, paragraph, quiet, section, sideBySide, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface ShownTicket {
  ticketNumber: string
  typeName: string
  holderName: string
  seat?: Seat
  unitPrice: Minor
  currency: Currency
  /** Content id of the code's picture, and name of the attached PDF; absent where the mail would have become too large. */
  attached?: { codeCid: string; pdfName: string }
}

export interface OrderConfirmation {
  reader: Reader
  event: ShownEvent
  order: { orderNumber: string; totalAmount: Minor; currency: Currency }
  tickets: readonly ShownTicket[]
}

const ticketFacts = `
  <mj-text css-class="label" font-size="12px" line-height="18px" font-weight="600" color="#667085" padding="8px 0 0">{{ordinal}}</mj-text>
  <mj-text css-class="title" font-size="20px" line-height="26px" font-weight="700" padding="0 0 6px">{{typeName}}</mj-text>
  <mj-text css-class="number" font-size="16px" line-height="22px" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" padding="0 0 8px">{{ticketNumber}}</mj-text>
  ${each('seats', '<mj-text css-class="ink" font-weight="600">{{seat}}</mj-text>')}
  <mj-text css-class="ink">{{holderName}}</mj-text>
  <mj-text css-class="ink" padding="0 0 8px">{{price}}</mj-text>`

const codedTicket = card(`
  <mj-section>
    <mj-column width="42%" vertical-align="middle">
      <mj-image css-class="code" src="cid:{{codeCid}}" alt="QR code of ticket {{ticketNumber}}" width="208px" container-background-color="#ffffff" border-radius="8px" />
    </mj-column>
    <mj-column width="58%" vertical-align="middle">
      ${ticketFacts}
      ${quiet('Attached: {{pdfName}}')}
    </mj-column>
  </mj-section>`)

const plainTicket = card(section(ticketFacts))

const template = await compileTemplate(
  frame(`
    ${card(`
      ${section(`${kicker('Order confirmed')}${title('{{eventName}}')}${paragraph('Hi {{firstName}}, your order is confirmed. {{here}}')}`)}
      ${whenAndWhere()}`)}
    ${each('codedTickets', codedTicket)}
    ${each('plainTickets', plainTicket)}
    ${card(`
      ${sideBySide(labelled('Order', '{{orderNumber}}', '{{count}}'), labelled('Total', '{{total}}', '{{paid}}'))}
      ${section(quiet('Each code admits one person, once: whoever shows it first. Keep this mail to yourself.'))}`)}`),
)

/** The tickets themselves: codes in the mail, PDFs attached. */
export function orderConfirmationMail({ reader, event, order, tickets }: OrderConfirmation): Mail {
  const { locale } = reader
  const about = eventValues(event, locale)
  const shown = tickets.map((ticket, index) => valuesOf(ticket, `Ticket ${index + 1} of ${tickets.length}`, locale))
  const missing = tickets.filter(({ attached }) => !attached).length
  const subject = oneLine(`Your ${tickets.length === 1 ? 'ticket' : 'tickets'} for ${about.eventName}`)
  const count = countOf(tickets.length, 'ticket')
  const total = priceOf(order.totalAmount, order.currency, locale)
  const firstName = oneLine(reader.firstName)
  const html = template({
    ...about,
    subject,
    preview: `${count} · ${about.day}, ${about.time} · ${about.venueName}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${order.orderNumber}).`,
    firstName,
    here: whereTicketsAre(tickets.length, missing),
    codedTickets: shown.filter((_, index) => tickets[index]?.attached),
    plainTickets: shown.filter((_, index) => !tickets[index]?.attached),
    orderNumber: order.orderNumber,
    count,
    total,
    paid: order.totalAmount === 0 ? 'Nothing to pay' : 'Paid',
  })
  const text = paragraphs(
    `Hi ${firstName},`,
    `Your order ${order.orderNumber} is confirmed. Attached: a PDF of each ticket, with the code to be scanned at the entrance.${leftOut(missing)}`,
    eventLines(event, locale),
    ...shown.map(({ ordinal, typeName, ticketNumber, seats, holderName, price, pdfName }) =>
      [
        `${ordinal}: ${typeName}`,
        `  Number: ${ticketNumber}`,
        ...seats.map(({ seat }) => `  Seat: ${seat}`),
        `  Holder: ${holderName}`,
        `  Price: ${price}`,
        pdfName ? `  Attached: ${pdfName}` : '  In your Boxoffice account',
      ].join('\n'),
    ),
    `Order: ${order.orderNumber}\nTotal: ${total} (${count})`,
    'Each code admits one person, once: whoever shows it first. Keep this mail to yourself.',
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html, text }
}

function leftOut(missing: number): string {
  if (missing === 0) return ''
  const which = missing === 1 ? 'the last one is' : `the last ${missing} are`
  return ` There was no room in one mail for all of them: ${which} in your Boxoffice account.`
}

function whereTicketsAre(count: number, missing: number): string {
  const attached =
    count === 1
      ? 'Have the code below scanned at the entrance. Your ticket is attached as a PDF too, to print or to keep on your phone.'
      : 'Have the codes below scanned at the entrance. Your tickets are attached as PDFs too, to print or to keep on your phone.'
  return attached + leftOut(missing)
}

const valuesOf = (ticket: ShownTicket, ordinal: string, locale: string) => ({
  ordinal,
  ticketNumber: oneLine(ticket.ticketNumber),
  typeName: oneLine(ticket.typeName),
  holderName: oneLine(ticket.holderName),
  seats: ticket.seat ? [{ seat: oneLine(seatOf(ticket.seat)) }] : [],
  price: priceOf(ticket.unitPrice, ticket.currency, locale),
  codeCid: ticket.attached?.codeCid ?? '',
  pdfName: ticket.attached?.pdfName ?? '',
})
