import type { StopReason } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { card, frame, kicker, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate } from './template.ts'

export interface TicketsStopped {
  reader: Reader
  event: ShownEvent
  /** At least one. */
  ticketNumbers: readonly string[]
}

export const ticketsStoppedTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${kicker('{{kicker}}')}
        ${title('{{eventName}}')}
        ${paragraph('Hi {{firstName}}, {{lead}}')}
        ${paragraph('{{more}}')}`)}
      ${whenAndWhere()}
      ${section(labelled('{{label}}', '{{numbers}}'))}`),
  ),
)

const whys: Record<StopReason, string> = {
  DISPUTE_LOST: 'The bank of whoever paid has taken the money back.',
  ORGANIZER: 'The organizer of the event has decided so.',
}

/** Tickets that the reader holds admit nobody for now. */
export function ticketsStoppedMail({ reason, ...stopped }: TicketsStopped & { reason: StopReason }): Mail {
  const isOne = stopped.ticketNumbers.length === 1
  return mailOf(stopped, {
    standing: isOne ? 'is stopped' : 'are stopped',
    kicker: 'Stopped',
    lead: isOne
      ? 'your ticket is stopped: until it is reinstated it admits nobody and cannot be passed on.'
      : 'your tickets below are stopped: until they are reinstated they admit nobody and cannot be passed on.',
    more: `${whys[reason]} The organizer can reinstate ${isOne ? 'it' : 'them'}: then the code that you have is good again, and you get a mail. If you think that this is a mistake, reply to this one.`,
  })
}

/** They admit again. */
export function ticketsReinstatedMail(reinstated: TicketsStopped): Mail {
  const isOne = reinstated.ticketNumbers.length === 1
  return mailOf(reinstated, {
    standing: isOne ? 'is valid again' : 'are valid again',
    kicker: 'Valid again',
    lead: isOne ? 'your ticket was stopped, and is valid again.' : 'your tickets below were stopped, and are valid again.',
    more: 'Nothing else has changed: the code that you have admits, and you find it in your Boxoffice account too.',
  })
}

const NUMBERS_MAX = 20

function mailOf(
  { reader, event, ticketNumbers }: TicketsStopped,
  { standing, ...words }: { standing: string; kicker: string; lead: string; more: string },
): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const label = ticketNumbers.length === 1 ? 'Ticket' : 'Tickets'
  const subject = oneLine(`Your ${label.toLowerCase()} for ${about.eventName} ${standing}`)
  const more = ticketNumbers.length - NUMBERS_MAX
  const numbers = ticketNumbers.slice(0, NUMBERS_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '')
  const values = {
    ...about,
    ...words,
    subject,
    preview: words.lead,
    reason: 'You get this mail because you hold tickets for this event.',
    firstName,
    label,
    numbers,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `${words.lead.charAt(0).toUpperCase()}${words.lead.slice(1)}`,
    words.more,
    eventLines(event, reader.locale),
    `${label}: ${numbers}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: ticketsStoppedTemplate(values), text, values }
}
