import { momentOf } from './formats.ts'
import { button, card, frame, paragraph, quiet, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader } from './mail.ts'
import { compileTemplate } from './template.ts'

export interface AccountLink {
  reader: Reader
  url: string
  expiresAt: Date
}

interface Words {
  subject: string
  title: string
  lead: string
  action: string
  reason: string
}

const template = await compileTemplate(
  frame(
    card(
      section(`
        ${title('{{title}}')}
        ${paragraph('Hi {{firstName}}, {{lead}}')}
        ${button('{{action}}', '{{url}}')}
        ${quiet('The link works once, until {{expires}}. If the button does not, copy this into your browser:')}
        ${quiet('{{url}}')}`),
    ),
  ),
)

/** Another link that proves an address. */
export const emailVerificationMail = (link: AccountLink): Mail =>
  linkMail(link, {
    subject: 'Please confirm your address for Boxoffice',
    title: 'Confirm your address',
    lead: 'here is the link that confirms that this address is yours.',
    action: 'Confirm my address',
    reason:
      'You get this mail because somebody asked for it at Boxoffice. If the account is not yours, say so on the page that the link opens.',
  })

/** The link that sets a new password. */
export const passwordResetMail = (link: AccountLink): Mail =>
  linkMail(link, {
    subject: 'Set a new password for Boxoffice',
    title: 'Set a new password',
    lead: 'here is the link that sets a new password for your account. It ends every session that is open.',
    action: 'Set a new password',
    reason:
      'You get this mail because somebody asked for a new password for this address. If that was not you, you need not do anything: the password you have stays.',
  })

function linkMail({ reader, url, expiresAt }: AccountLink, { subject, title: heading, lead, action, reason }: Words): Mail {
  const firstName = oneLine(reader.firstName)
  const expires = momentOf(expiresAt, reader.locale)
  const html = template({
    subject,
    preview: `It works until ${expires}.`,
    reason,
    title: heading,
    firstName,
    lead,
    action,
    url,
    expires,
  })
  const text = paragraphs(
    `Hi ${firstName},`,
    `${lead.charAt(0).toUpperCase()}${lead.slice(1)}`,
    `${action}:\n${url}`,
    `The link works once, until ${expires}.`,
    reason,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html, text }
}
