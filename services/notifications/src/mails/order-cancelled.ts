import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { card, frame, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate } from './template.ts'
import { whyUndone } from './why-undone.ts'

export interface OrderCancelled {
  reader: Reader
  event: ShownEvent
  orderNumber: string
  /** As the message gives it: a code, or words. */
  reason: string
}

const template = await compileTemplate(
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

const what =
  'Its tickets are not valid any more. Whatever you paid for them is given back in full; a mail of its own tells you about that.'

/** An order that is no more, after it had been paid. */
export function orderCancelledMail({ reader, event, orderNumber, reason }: OrderCancelled): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const why = whyUndone(reason) ?? ''
  const subject = oneLine(`Your order for ${about.eventName} is cancelled`)
  const html = template({
    ...about,
    subject,
    preview: `${orderNumber} · ${what}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${orderNumber}).`,
    firstName,
    orderNumber,
    why,
    what,
  })
  const text = paragraphs(
    `Hi ${firstName},`,
    `Your order ${orderNumber} for ${about.eventName} is cancelled. ${why}`.trim(),
    what,
    eventLines(event, reader.locale),
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html, text }
}
