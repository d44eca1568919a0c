import { type Currency, type Minor, times } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { dayOf, moneyOf, priceOf } from './formats.ts'
import { card, frame, kicker, labelled, paragraph, section, sideBySide, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface PaymentProcessed {
  reader: Reader
  event: ShownEvent
  orderNumber: string
  paidAt: Date
  items: readonly { quantity: number; unitPrice: Minor }[]
  total: { amount: Minor; currency: Currency }
}

const receipt =
  kicker('Receipt') +
  title('{{total}}') +
  paragraph('Hi {{firstName}}, we have received your payment for {{eventName}}.')

export const paymentProcessedTemplate = await compileTemplate(
  frame(
    card(`
      ${section(receipt)}
      ${whenAndWhere()}
      ${each('items', sideBySide(labelled('Tickets', '{{priceEach}}'), labelled('Price', '{{price}}')))}
      ${sideBySide(labelled('Order', '{{orderNumber}}'), labelled('Paid', '{{total}}', '{{how}}'))}`),
  ),
)

/** The receipt: what was paid, when and for what. */
export function paymentProcessedMail({
  reader,
  event,
  orderNumber,
  paidAt,
  items,
  total,
}: PaymentProcessed): Mail {
  const { locale } = reader
  const about = eventValues(event, locale)
  const firstName = oneLine(reader.firstName)
  const sum = priceOf(total.amount, total.currency, locale)
  const how = `${total.amount === 0 ? 'Nothing to pay' : 'By card'}, ${dayOf(paidAt, locale)}`
  const lines = items.map(({ quantity, unitPrice }) => ({
    priceEach: `${quantity} × ${moneyOf(unitPrice, total.currency, locale)}`,
    price: moneyOf(times(unitPrice, quantity), total.currency, locale),
  }))
  const subject = oneLine(`Your receipt for ${about.eventName}`)
  const values = {
    ...about,
    subject,
    preview: `${sum} · ${orderNumber}`,
    reason: `You get this mail because you asked for receipts in your Boxoffice account (${orderNumber}).`,
    firstName,
    items: lines,
    orderNumber,
    total: sum,
    how,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `We have received your payment for ${about.eventName}.`,
    eventLines(event, locale),
    lines.map((line) => `${line.priceEach} = ${line.price}`).join('\n'),
    `Order: ${orderNumber}\nPaid: ${sum}\n${how}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: paymentProcessedTemplate(values), text, values }
}
