import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { card, frame, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate } from './template.ts'
import { whyUndone } from './why-undone.ts'

export interface OrderCancelled {
  reader: Reader
  event: ShownEvent
  orderNumber: string
  /** A code or free text, as in the message. */
  reason: string
  /** Whether the payment is refunded, nothing was to pay, or nothing was paid yet. */
  money: 'BACK' | 'FREE' | 'NOT_PAID'
}

export const orderCancelledTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${title('Your order is cancelled')}
        ${paragraph('Hi {{firstName}}, your order {{orderNumber}} for {{eventName}} is cancelled. {{why}}')}
        ${paragraph('{{what}}')}`)}
      ${whenAndWhere()}
      ${section(labelled('Order', '{{orderNumber}}'))}`),
  ),
)

const whats: Record<OrderCancelled['money'], string> = {
  BACK:
    'Its tickets are not valid any more. Whatever you paid for them is given back in full; ' +
    'a mail of its own tells you about that.',
  FREE: 'Its tickets are not valid any more. They had cost nothing, so there is nothing to give back.',
  NOT_PAID:
    'You have not been charged, and the tickets are free for others again. ' +
    'Should your bank show a charge for it, it is given back in full.',
}

/** The mail about a cancelled order. */
export function orderCancelledMail({ reader, event, orderNumber, reason, money }: OrderCancelled): Mail {
  const what = whats[money]
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const why = whyUndone(reason) ?? ''
  const subject = oneLine(`Your order for ${about.eventName} is cancelled`)
  const values = {
    ...about,
    subject,
    preview: `${orderNumber} · ${what}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${orderNumber}).`,
    firstName,
    orderNumber,
    why,
    what,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `Your order ${orderNumber} for ${about.eventName} is cancelled. ${why}`.trim(),
    what,
    eventLines(event, reader.locale),
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: orderCancelledTemplate(values), text, values }
}
