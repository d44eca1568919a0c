import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { card, frame, kicker, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate } from './template.ts'

export interface EventCancelled {
  reader: Reader
  event: ShownEvent
  /** The organizer's words. */
  cancellationReason: string
}

const sorry =
  'Hi {{firstName}}, we are sorry: {{eventName}} does not take place. ' +
  'Your tickets are not valid any more.'

export const eventCancelledTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${kicker('Cancelled')}
        ${title('{{eventName}}')}
        ${paragraph(sorry)}
        ${labelled('What the organizer says', '{{cancellationReason}}')}
        ${paragraph('{{money}}')}`)}
      ${whenAndWhere()}`),
  ),
)

const money =
  'Whatever was paid for the tickets goes back in full, to the card it was paid with. ' +
  'Nobody needs to do anything: whoever bought them gets a mail when the money is on its way.'

/** The mail to ticket holders that their event is cancelled. */
export function eventCancelledMail({ reader, event, cancellationReason }: EventCancelled): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const said = oneLine(cancellationReason)
  const subject = oneLine(`Cancelled: ${about.eventName}`)
  const values = {
    ...about,
    subject,
    preview: `${about.day} · ${said}`,
    reason: 'You get this mail because you hold tickets for this event.',
    firstName,
    cancellationReason: said,
    money,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `We are sorry: ${about.eventName} does not take place. Your tickets are not valid any more.`,
    `What the organizer says: ${said}`,
    money,
    eventLines(event, reader.locale),
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: eventCancelledTemplate(values), text, values }
}
