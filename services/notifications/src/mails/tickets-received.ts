import type { Seat } from '@boxoffice/contracts'
import { seatOf, whenOf } from './formats.ts'
import { button, card, frame, kicker, labelled, paragraph, quiet, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface TicketsReceived {
  reader: Reader
  /** At least one, of one or several events. */
  tickets: readonly { event: ShownEvent; ticketNumber: string; holderName: string; seat?: Seat }[]
  /** The page with the tickets. */
  url: string
}

const TICKETS_MAX = 50
const once =
  'A code admits one person, once: whoever shows it first. Codes of earlier owners are not valid any more.'
const lead = 'tickets were handed to you, so many that this mail tells of them together.'
const where = 'Each of them, with its code and its PDF, is in your Boxoffice account.'

export const ticketsReceivedTemplate = await compileTemplate(
  frame(`
    ${card(`
      ${section(`
        ${kicker('Tickets for you')}
        ${title('{{subject}}')}
        ${paragraph('Hi {{firstName}}, {{lead}} {{where}}')}
        ${button('Your tickets', '{{url}}')}`)}
      ${each('tickets', section(labelled('{{ticketNumber}}', '{{eventName}}', '{{details}}')))}
      ${each('more', section(paragraph('{{words}}')))}`)}
    ${card(section(quiet('{{once}}')))}`),
)

/** The mail about several received tickets, without their codes. */
export function ticketsReceivedMail({ reader, tickets, url }: TicketsReceived): Mail {
  const firstName = oneLine(reader.firstName)
  const shown = tickets.slice(0, TICKETS_MAX).map(({ event, ticketNumber, holderName, seat }) => {
    const { day, time } = whenOf(event, reader.locale)
    const details = [`${day}, ${time}`, ...(seat ? [oneLine(seatOf(seat))] : []), oneLine(holderName)].join(
      ' · ',
    )
    return { ticketNumber, eventName: oneLine(event.name), details }
  })
  const more = tickets.length > TICKETS_MAX ? [{ words: `and ${tickets.length - TICKETS_MAX} more` }] : []
  const subject = 'Tickets that were handed to you'
  const values = {
    subject,
    preview: where,
    reason: 'You get this mail because others handed tickets to your Boxoffice account.',
    firstName,
    lead,
    where,
    url,
    tickets: shown,
    more,
    once,
  }
  const lines = shown.map(
    ({ ticketNumber, eventName, details }) => `${ticketNumber}\n${eventName}\n${details}`,
  )
  const text = paragraphs(
    `Hi ${firstName},`,
    `${lead.charAt(0).toUpperCase()}${lead.slice(1)} ${where}\n${url}`,
    ...lines,
    ...more.map(({ words }) => words),
    once,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: ticketsReceivedTemplate(values), text, values }
}
