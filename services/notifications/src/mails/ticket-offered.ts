import { hasLink } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { button, card, frame, kicker, labelled, paragraph, quiet, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

const optOut =
  'You do not want mails that others have sent to you from here? ' +
  '<a href="{{optOutUrl}}">No more of them</a>'

export const ticketOfferedTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${kicker('A ticket for you')}
        ${title('{{eventName}}')}
        ${paragraph('{{lead}}')}
        ${paragraph('{{how}}')}
        ${button('Take the ticket', '{{url}}')}
        ${quiet('If the button does not work, copy this into your browser:')}
        ${quiet('{{url}}')}`)}
      ${whenAndWhere()}
      ${each('holders', section(labelled('In the name of', '{{holderName}}')))}
      ${section(quiet(optOut))}`),
  ),
)

interface Offer {
  event: ShownEvent
  locale: string
  senderName: string | null
  holderName: string
  /** With the token that claims the ticket. */
  url: string
  optOutUrl: string
}

/**
 * The mail that offers a ticket to an address. The reader did not ask for it, so the subject has no
 * third-party text, and anything that a mail program would turn into a link is left out.
 */
export function ticketOfferedMail({ event, locale, url, optOutUrl, ...offer }: Offer): Mail {
  const shown = { ...event, name: withoutLink(event.name) ?? 'an event' }
  const about = eventValues(shown, locale)
  const sender = withoutLink(offer.senderName) ?? 'Someone'
  const holderName = withoutLink(offer.holderName)
  const lead = `${sender} wants to give you a ticket for ${about.eventName}.`
  const how =
    'The link below is for you alone: whoever has it takes the ticket. ' +
    'You need a Boxoffice account with a confirmed address for it. The ticket comes by mail at once.'
  const subject = 'Someone has a ticket for you'
  const values = {
    ...about,
    subject,
    preview: 'It waits until you take it.',
    reason:
      'You get this mail because someone gave your address. If you do not want the ticket, ' +
      'you need not do anything.',
    lead,
    how,
    url,
    optOutUrl,
    holders: holderName ? [{ holderName }] : [],
  }
  const text = paragraphs(
    'Hello,',
    lead,
    how,
    `Take the ticket:\n${url}`,
    eventLines(shown, locale),
    holderName && `In the name of: ${holderName}`,
    'If you do not want the ticket, you need not do anything.',
    `No more mails that others have sent to you from here:\n${optOutUrl}`,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: ticketOfferedTemplate(values), text, values }
}

/** Returns one line; null if it has a link or is empty. Older names were not checked for links. */
const withoutLink = (text: string | null): string | null =>
  text === null || hasLink(text) ? null : oneLine(text) || null
