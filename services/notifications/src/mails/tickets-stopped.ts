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

/** The mail about stopped tickets. */
export function ticketsStoppedMail({ reason, ...stopped }: TicketsStopped & { reason: StopReason }): Mail {
  const isOne = stopped.ticketNumbers.length === 1
  return mailOf(stopped, {
    state: isOne ? 'is stopped' : 'are stopped',
    kicker: 'Stopped',
    lead: isOne
      ? 'your ticket is stopped: until it is reinstated it admits nobody and cannot be passed on.'
      : 'your tickets below are stopped: until they are reinstated they admit nobody ' +
        'and cannot be passed on.',
    more:
      `${whys[reason]} The organizer can reinstate ${isOne ? 'it' : 'them'}: ` +
      'then the code that you have is good again, and you get a mail. ' +
      'If you think that this is a mistake, reply to this one.',
  })
}

/** The mail about reinstated tickets. */
export function ticketsReinstatedMail(reinstated: TicketsStopped): Mail {
  const isOne = reinstated.ticketNumbers.length === 1
  return mailOf(reinstated, {
    state: isOne ? 'is valid again' : 'are valid again',
    kicker: 'Valid again',
    lead: isOne
      ? 'your ticket was stopped, and is valid again.'
      : 'your tickets below were stopped, and are valid again.',
    more:
      'Nothing else has changed: the code that you have admits, ' +
      'and you find it in your Boxoffice account too.',
  })
}

/** The mail about tickets in different states: some stopped, some valid. */
export function ticketsChangedMail({
  tickets,
  reasons,
  ...about
}: Omit<TicketsStopped, 'ticketNumbers'> & {
  tickets: readonly { ticketNumber: string; isStopped: boolean }[]
  reasons: readonly StopReason[]
}): Mail {
  const { eventName } = eventValues(about.event, about.reader.locale)
  const numbers = tickets.map(
    ({ ticketNumber, isStopped }) => `${ticketNumber} (${isStopped ? 'stopped' : 'valid'})`,
  )
  return mailOf(
    { ...about, ticketNumbers: numbers },
    {
      subject: `Update on your tickets for ${eventName}`,
      kicker: 'How they stand',
      lead: 'your tickets below were stopped or reinstated. This is how they stand now.',
      more: [
        'One that is stopped admits nobody and cannot be passed on, until the organizer reinstates it.',
        'One that is valid admits with the code that you have.',
        ...reasons.map((reason) => whys[reason]),
        'If you think that this is a mistake, reply to this mail.',
      ].join(' '),
    },
  )
}

const NUMBERS_MAX = 20

function mailOf(
  { reader, event, ticketNumbers }: TicketsStopped,
  {
    state,
    ...words
  }: { kicker: string; lead: string; more: string } & (
    | { state: string; subject?: never }
    | { state?: never; subject: string }
  ),
): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const label = ticketNumbers.length === 1 ? 'Ticket' : 'Tickets'
  const subject = oneLine(words.subject ?? `Your ${label.toLowerCase()} for ${about.eventName} ${state}`)
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
