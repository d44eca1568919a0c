import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { card, frame, kicker, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate } from './template.ts'

export interface EventReminder {
  reader: Reader
  event: ShownEvent
}

export const eventReminderTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${kicker('Reminder')}
        ${title('{{eventName}}')}
        ${paragraph('Hi {{firstName}}, {{lead}}')}`)}
      ${whenAndWhere()}
      ${section(paragraph('{{tickets}}'))}`),
  ),
)

const tickets =
  'Have your tickets at hand: they are in your Boxoffice account, and in the mail that brought them.'

/** The mail that reminds ticket holders of their event. The start is in the event's time zone. */
export function eventReminderMail({ reader, event }: EventReminder): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const lead = `${about.eventName} begins on ${about.day}, ${about.time}.`
  const subject = oneLine(`Reminder: ${about.eventName}`)
  const values = {
    ...about,
    subject,
    preview: `${about.day}, ${about.time} · ${about.venueName}`,
    reason: 'You get this mail because you hold tickets for this event.',
    firstName,
    lead,
    tickets,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    lead,
    eventLines(event, reader.locale),
    tickets,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: eventReminderTemplate(values), text, values }
}
