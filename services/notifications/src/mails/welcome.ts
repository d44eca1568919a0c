import { momentOf } from './formats.ts'
import { button, card, frame, linkNote, paragraph, quiet, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface Welcome {
  reader: Reader
  /**
   * null if the token expired before the mail was sent: a dead link is worse than none. DONE if the address
   * is already confirmed.
   */
  verification: { url: string; expiresAt: Date } | 'DONE' | null
}

const link = `
  ${paragraph('Please confirm that this address is yours.')}
  ${button('Confirm my address', '{{url}}')}
  ${linkNote}
  ${quiet('{{url}}')}`

const ready =
  'Your Boxoffice account is ready. Tickets that you buy come to this address, ' +
  'as a PDF and with their codes.'

export const welcomeTemplate = await compileTemplate(
  frame(
    card(
      section(`
        ${title('Welcome, {{firstName}}')}
        ${paragraph(ready)}
        ${each('links', link)}
        ${each('expired', paragraph('{{notice}}'))}`),
    ),
  ),
)

const ended =
  'The link that confirms your address had ended before this mail could reach you. ' +
  'Sign in and ask for a new one; everything else works already.'

const done = 'Your address is confirmed already.'

/** The first mail of an account, with the link that confirms its address. */
export function welcomeMail({ reader, ...welcome }: Welcome): Mail {
  const verification = welcome.verification === 'DONE' ? null : welcome.verification
  const notice = welcome.verification === 'DONE' ? done : ended
  const firstName = oneLine(reader.firstName)
  const subject = verification ? 'Welcome to Boxoffice: please confirm your address' : 'Welcome to Boxoffice'
  const expires = verification ? momentOf(verification.expiresAt, reader.locale) : ''
  const values = {
    subject,
    preview: verification ? 'Your password once more, and your address is confirmed as yours.' : notice,
    reason:
      'You get this mail because someone made an account with this address. If that was not you, ' +
      'say so on the page that the link opens.',
    firstName,
    links: verification ? [{ url: verification.url, expires }] : [],
    expired: verification ? [] : [{ notice }],
  }
  const text = paragraphs(
    `Welcome, ${firstName},`,
    'Your Boxoffice account is ready. Tickets that you buy come to this address, ' +
      'as a PDF and with their codes.',
    verification ? `Please confirm that this address is yours:\n${verification.url}` : notice,
    verification && `The link works once, until ${expires}.`,
    'If you did not make this account, say so on the page that the link opens: ' +
      'it is taken from whoever did.\nQuestions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: welcomeTemplate(values), text, values }
}
