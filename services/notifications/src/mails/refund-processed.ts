import type { Currency, Minor, Seat } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { moneyOf, seatOf } from './formats.ts'
import { card, frame, labelled, paragraph, section, sideBySide, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'
import { whyUndone } from './why-undone.ts'

export interface RefundProcessed {
  reader: Reader
  event: ShownEvent
  orderNumber: string
  refund: { amount: Minor; currency: Currency }
  /** A code or free text, as in the message. */
  reason: string
  /** The refunded tickets, if others remain. */
  tickets: readonly { ticketNumber: string; seat?: Seat }[]
  /** Which tickets of the order remain valid. */
  left: 'NONE' | 'SOME' | 'ALL' | 'NEVER_ANY'
}

export const refundProcessedTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${title('{{amount}} on its way back to you')}
        ${paragraph('Hi {{firstName}}, {{what}} {{why}}')}
        ${paragraph('{{how}}')}`)}
      ${whenAndWhere()}
      ${each('tickets', section(labelled('Given back', '{{ticketNumber}}', '{{seat}}')))}
      ${sideBySide(labelled('Order', '{{orderNumber}}'), labelled('Refunded', '{{amount}}'))}`),
  ),
)

const how = 'The money goes to the card you paid with. Most banks show it within five to ten days.'
const whats: Record<RefundProcessed['left'], (eventName: string) => string> = {
  NONE: (eventName) =>
    `your order for ${eventName} is cancelled and its money goes back to you. ` +
    'Its tickets are not valid any more.',
  SOME: (eventName) =>
    `we have refunded a part of your order for ${eventName}. The tickets below are not valid any more, ` +
    'all others stay valid.',
  ALL: (eventName) => `we have refunded a part of what you paid for ${eventName}. Your tickets stay valid.`,
  NEVER_ANY: (eventName) => `we have refunded your order for ${eventName}.`,
}

/** The mail about a refund and its tickets. */
export function refundProcessedMail({
  reader,
  event,
  orderNumber,
  refund,
  reason,
  tickets,
  left,
}: RefundProcessed): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const amount = moneyOf(refund.amount, refund.currency, reader.locale)
  const why = whyUndone(reason) ?? ''
  const what = whats[left](about.eventName)
  const subject = oneLine(`Your refund for ${about.eventName}`)
  const shown = tickets.map(({ ticketNumber, seat }) => ({
    ticketNumber,
    seat: seat ? oneLine(seatOf(seat)) : '',
  }))
  const values = {
    ...about,
    subject,
    preview: `${amount} · ${how}`,
    reason: `You get this mail because you ordered tickets at Boxoffice (${orderNumber}).`,
    firstName,
    amount,
    what,
    why,
    how,
    tickets: shown,
    orderNumber,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `${what.charAt(0).toUpperCase()}${what.slice(1)} ${why}`.trim(),
    how,
    eventLines(event, reader.locale),
    shown.length === 0
      ? null
      : shown.map(({ ticketNumber, seat }) => `Given back: ${ticketNumber} ${seat}`.trim()).join('\n'),
    `Order: ${orderNumber}\nRefunded: ${amount}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: refundProcessedTemplate(values), text, values }
}
