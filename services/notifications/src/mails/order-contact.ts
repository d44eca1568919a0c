import { momentOf } from './formats.ts'
import { button, card, frame, labelled, linkNote, paragraph, quiet, section, title } from './frame.ts'
import { type Mail, oneLine, paragraphs, type Reader } from './mail.ts'
import { compileTemplate, each } from './template.ts'

export interface OrderContactLink {
  reader: Reader
  orderNumber: string
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

const link = `${button('{{action}}', '{{url}}')}${linkNote}${quiet('{{url}}')}`

export const orderContactTemplate = await compileTemplate(
  frame(
    card(`
      ${section(`
        ${title('{{title}}')}
        ${paragraph('Hi {{firstName}}, {{lead}}')}
        ${each('links', link)}`)}
      ${section(labelled('Order', '{{orderNumber}}'))}`),
  ),
)

/**
 * The mail with the link that makes the reader's address an order's. The reader may have nothing to do with
 * the order.
 */
export const orderContactMail = (link: OrderContactLink): Mail =>
  contactMail(link, {
    subject: 'Please confirm where the mails of your Boxoffice order go',
    title: 'Get the mails of your order here',
    lead: 'here is the link that sends all mails about your order to this address, its tickets among them.',
    action: 'Send them here',
    reason:
      'You get this mail because someone who bought tickets at Boxoffice named this address. ' +
      'If that was not you, you need not do anything, or say so on the page that the link opens.',
  })

/** The mail to an order's previous address, with the link that undoes the change. */
export const orderContactChangedMail = (link: OrderContactLink): Mail =>
  contactMail(link, {
    subject: 'The mails of your Boxoffice order go to another address',
    title: 'The mails of your order go elsewhere',
    lead:
      'all mails about your order go to another address from now on, its tickets among them. ' +
      'If that was you, you need not do anything. If it was not, get them here again, ' +
      'and set a new password for your account.',
    action: 'Send them here again',
    reason: 'You get this mail because the mails of an order at Boxoffice came to this address.',
  })

/** The mail to an order's address whose mails now go to the buyer's account. */
export const orderContactEndedMail = (about: Omit<OrderContactLink, 'url' | 'expiresAt'>): Mail =>
  contactMail(
    { ...about, url: null },
    {
      subject: 'The mails of your Boxoffice order go to another address',
      title: 'The mails of your order go elsewhere',
      lead:
        'all mails about your order go to the account that it was bought with from now on, ' +
        'and no longer to this address.',
      action: '',
      reason: 'You get this mail because the mails of an order at Boxoffice came to this address.',
    },
  )

function contactMail(
  {
    reader,
    orderNumber,
    ...link
  }: Omit<OrderContactLink, 'url' | 'expiresAt'> & ({ url: string; expiresAt: Date } | { url: null }),
  { subject, title: heading, lead, action, reason }: Words,
): Mail {
  const firstName = oneLine(reader.firstName)
  const links =
    link.url === null ? [] : [{ action, url: link.url, expires: momentOf(link.expiresAt, reader.locale) }]
  const values = {
    subject,
    preview: `Your order ${orderNumber}.`,
    reason,
    title: heading,
    firstName,
    lead,
    orderNumber,
    links,
  }
  const text = paragraphs(
    `Hi ${firstName},`,
    `${lead.charAt(0).toUpperCase()}${lead.slice(1)}`,
    `Order: ${orderNumber}`,
    ...links.flatMap(({ url, expires }) => [`${action}:\n${url}`, `The link works once, until ${expires}.`]),
    reason,
    'Questions? Just reply to this mail.\nBoxoffice',
  )
  return { subject, html: orderContactTemplate(values), text, values }
}
