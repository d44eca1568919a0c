import type { Currency, Minor } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { moneyOf } from './formats.ts'
import { card, frame, labelled, paragraph, section, sideBySide, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate } from './template.ts'
import { whyUndone } from './why-undone.ts'

export interface RefundProcessed {
  reader: Reader
  event: ShownEvent
  orderNumber: string
  refund: { amount: Minor; currency: Currency }
  /** As the message gives it: a code, or words. */
  reason: string
}

const template = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${title('{{amount}} on its way back to you')}
        ${paragraph('Hi {{firstName}}, we have refunded your order for {{eventName}}. {{why}}')}
        ${paragraph('{{how}}')}`)}
      ${whenAndWhere()}
      ${sideBySide(labelled('Order', '{{orderNumber}}'), labelled('Refunded', '{{amount}}'))}`),
  ),
)

const how = 'The money goes to the card you paid with. Most banks show it within five to ten days.'

/** Money that went back. */
export function refundProcessedMail({ reader, event, orderNumber, refund, reason }: RefundProcessed): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const amount = moneyOf(refund.amount, refund.currency, reader.locale)
  const why = whyUndone(reason) ?? ''
  const subject = oneLine(`Your refund for ${about.eventName}`)
  const html = template({
    ...about,
    subject,
    preview: `${amount} · ${how}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${orderNumber}).`,
    firstName,
    amount,
    why,
    how,
    orderNumber,
  })
  const text = paragraphs(
    `Hi ${firstName},`,
    `We have refunded your order for ${about.eventName}. ${why}`.trim(),
    how,
    eventLines(event, reader.locale),
    `Order: ${orderNumber}\nRefunded: ${amount}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html, text }
}
