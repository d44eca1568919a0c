import { momentOf } from './formats.ts'
import { button, card, frame, linkNote, paragraph, quiet, section, title } from './frame.ts'
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

export const accountLinkTemplate = await compileTemplate(
  frame(
    card(
      section(`
        ${title('{{title}}')}
        ${paragraph('Hi {{firstName}}, {{lead}}')}
        ${button('{{action}}', '{{url}}')}
        ${linkNote}
        ${quiet('{{url}}')}`),
    ),
  ),
)

/** The mail with another link that confirms an address. */
export const emailVerificationMail = (link: AccountLink): Mail =>
  linkMail(link, {
    subject: 'Please confirm your address for Boxoffice',
    title: 'Confirm your address',
    lead: 'here is the link that confirms that this address is yours.',
    action: 'Confirm my address',
    reason:
      'You get this mail because someone asked for it at Boxoffice. If the account is not yours, ' +
      'say so on the page that the link opens.',
  })

/** The mail with the link that sets a new password. */
export const passwordResetMail = (link: AccountLink): Mail =>
  linkMail(link, {
    subject: 'Set a new password for Boxoffice',
    title: 'Set a new password',
    lead: 'here is the link that sets a new password for your account. It ends every session that is open.',
    action: 'Set a new password',
    reason:
      'You get this mail because someone asked for a new password for this address. ' +
      'If that was not you, you need not do anything: the password you have stays.',
  })

/**
 * The mail with the link that moves an account to the reader's address. The reader may have nothing to do
 * with the account.
 */
export const confirmNewAddressMail = (link: AccountLink): Mail =>
  linkMail(link, {
    subject: 'Please confirm your new address for Boxoffice',
    title: 'Use this address for your account',
    lead: 'here is the link that makes this the address of your account. It asks for your password.',
    action: 'Use this address',
    reason:
      'You get this mail because someone wants this address for their account at Boxoffice. ' +
      'If that was not you, you need not do anything, or say so on the page that the link opens.',
  })

/** The mail to an account's previous address, with the link that undoes the change. */
export const addressChangedMail = (link: AccountLink): Mail =>
  linkMail(link, {
    subject: 'Your Boxoffice account has another address',
    title: 'Your account has another address',
    lead:
      'your account was given another address, and its mails go there from now on. If that was you, ' +
      'you need not do anything. If it was not, take it back: it has this address again, ' +
      'with a new password of yours.',
    action: 'Take my account back',
    reason: 'You get this mail because this was the address of an account at Boxoffice.',
  })

function linkMail(
  { reader, url, expiresAt }: AccountLink,
  { subject, title: heading, lead, action, reason }: Words,
): Mail {
  const firstName = oneLine(reader.firstName)
  const expires = momentOf(expiresAt, reader.locale)
  const values = {
    subject,
    preview: `It works until ${expires}.`,
    reason,
    title: heading,
    firstName,
    lead,
    action,
    url,
    expires,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `${lead.charAt(0).toUpperCase()}${lead.slice(1)}`,
    `${action}:\n${url}`,
    `The link works once, until ${expires}.`,
    reason,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: accountLinkTemplate(values), text, values }
}
