import type { Seat } from '@boxoffice/contracts'
import { eventLines, eventValues, whenAndWhere } from './event-parts.ts'
import { seatOf } from './formats.ts'
import { card, frame, kicker, labelled, paragraph, quiet, section, sideBySide, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader, type ShownEvent } from './mail.ts'
import { compileTemplate, each } from './template.ts'

interface Transfer {
  reader: Reader
  event: ShownEvent
  holderName: string
}

const codedTicket = card(`
  <mj-section>
    <mj-column width="42%" vertical-align="middle">
      <mj-image css-class="code" src="cid:{{codeCid}}" alt="QR code of ticket {{ticketNumber}}"
        width="208px" container-background-color="#ffffff" border-radius="8px" />
    </mj-column>
    <mj-column width="58%" vertical-align="middle">
      <mj-text css-class="number" font-size="16px" line-height="22px"
        font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
        padding="0 0 8px">{{ticketNumber}}</mj-text>
      ${each('seats', '<mj-text css-class="ink" font-weight="600">{{seat}}</mj-text>')}
      <mj-text css-class="ink" padding="0 0 8px">{{holderName}}</mj-text>
      ${quiet('Attached: {{pdfName}}')}
    </mj-column>
  </mj-section>`)

const opening =
  kicker('A ticket for you') +
  title('{{eventName}}') +
  paragraph('Hi {{firstName}}, a ticket was handed to you. {{here}}')
const admits =
  'The code admits one person, once: whoever shows it first. ' +
  'Codes of earlier owners are not valid any more.'

export const ticketReceivedTemplate = await compileTemplate(
  frame(`
    ${card(`
      ${section(opening)}
      ${whenAndWhere()}`)}
    ${codedTicket}
    ${card(section(quiet(admits)))}`),
)

const here =
  'Have the code below scanned at the entrance. The ticket is attached as a PDF too, ' +
  'to print or to keep on your phone.'

/** The mail with a received ticket and its code. */
export function ticketReceivedMail(
  received: Transfer & { ticketNumber: string; seat?: Seat; attached: { codeCid: string; pdfName: string } },
): Mail {
  const { reader, event, ticketNumber, seat, attached } = received
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const holderName = oneLine(received.holderName)
  const seats = seat ? [{ seat: oneLine(seatOf(seat)) }] : []
  const subject = oneLine(`Your ticket for ${about.eventName}`)
  const values = {
    ...about,
    ...attached,
    subject,
    preview: `${about.day}, ${about.time} · ${about.venueName}`,
    reason: 'You get this mail because someone handed a ticket to your Boxoffice account.',
    firstName,
    here,
    ticketNumber,
    holderName,
    seats,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    'A ticket was handed to you. Attached: its PDF, with the code to be scanned at the entrance.',
    eventLines(event, reader.locale),
    [
      `Number: ${ticketNumber}`,
      ...seats.map((entry) => `Seat: ${entry.seat}`),
      `Holder: ${holderName}`,
      `Attached: ${attached.pdfName}`,
    ].join('\n'),
    admits,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: ticketReceivedTemplate(values), text, values }
}

export const ticketSentTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${title('Your ticket has been handed on')}
        ${paragraph('Hi {{firstName}}, your ticket for {{eventName}} is {{holderName}}’s now. {{old}}')}`)}
      ${whenAndWhere()}
      ${sideBySide(labelled('Ticket', '{{ticketNumber}}'), labelled('New holder', '{{holderName}}'))}`),
  ),
)

const old =
  'Its code admits nobody any more, in your mails and on your phone: the new one went to its new owner alone.'

/** The mail to the previous holder; it contains nothing of the new ticket. */
export function ticketSentMail({
  reader,
  event,
  ticketNumber,
  ...transfer
}: Transfer & { ticketNumber: string }): Mail {
  const about = eventValues(event, reader.locale)
  const firstName = oneLine(reader.firstName)
  const holderName = oneLine(transfer.holderName)
  const subject = oneLine(`You handed on your ticket for ${about.eventName}`)
  const values = {
    ...about,
    subject,
    preview: `${ticketNumber} · ${old}`,
    reason:
      'You get this mail because you handed on a ticket at Boxoffice. If that was not you, ' +
      'set a new password.',
    firstName,
    holderName,
    ticketNumber,
    old,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `Your ticket for ${about.eventName} is ${holderName}’s now. ${old}`,
    eventLines(event, reader.locale),
    `Ticket: ${ticketNumber}\nNew holder: ${holderName}`,
    'If that was not you, set a new password.',
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: ticketSentTemplate(values), text, values }
}
