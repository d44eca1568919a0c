import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { momentAt } from './formats.ts'
import { card, frame, kicker, labelled, paragraph, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface EventUpdated {
  reader: Reader
  event: ShownEvent & { endDate?: Date }
  moved: { time: boolean; place: boolean }
  /** The deadline for refunds; null if it has passed or there never was one. */
  refundableUntil: Date | null
}

export const eventUpdatedTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${kicker('{{what}}')}
        ${title('{{eventName}}')}
        ${paragraph('Hi {{firstName}}, {{lead}}')}`)}
      ${whenAndWhere()}
      ${each('ends', section(labelled('Ends', '{{end}}')))}
      ${section(`${paragraph('{{valid}}')}${each('refunds', paragraph('{{refund}}'))}`)}`),
  ),
)

const valid = 'Your tickets stay valid as they are: you need not do anything.'

/** The mail to ticket holders about a new time or place. */
export function eventUpdatedMail({ reader, event, moved, refundableUntil }: EventUpdated): Mail {
  const { locale } = reader
  const about = eventValues(event, locale)
  const firstName = oneLine(reader.firstName)
  const thing = moved.time && moved.place ? 'time and place' : moved.time ? 'time' : 'place'
  const what = `New ${thing}`
  const lead = `please note the new ${thing} of ${about.eventName}. This is how it is now:`
  const end = event.endDate && momentAt(event.endDate, event.timeZone, locale)
  const refund =
    refundableUntil &&
    'If it does not suit you any more, whoever bought the tickets can give them back until ' +
      `${momentAt(refundableUntil, event.timeZone, locale)}.`
  const subject = oneLine(`${what}: ${about.eventName}`)
  const values = {
    ...about,
    subject,
    preview: `${about.day}, ${about.time} · ${about.venueName}`,
    reason: 'You get this mail because you hold tickets for this event.',
    what,
    firstName,
    lead,
    ends: end ? [{ end }] : [],
    valid,
    refunds: refund ? [{ refund }] : [],
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `${lead.charAt(0).toUpperCase()}${lead.slice(1)}`,
    eventLines(event, locale) + (end ? `\nEnds: ${end}` : ''),
    valid,
    refund,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: eventUpdatedTemplate(values), text, values }
}
