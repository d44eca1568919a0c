import { until } from '@boxoffice/testing'

export interface Mail {
  messageId: string
  from: string
  destination: { to: string[] }
  subject: string
  body: { html?: string; text?: string }
  attachments: { filename?: string; contentType: string; content: string }[]
  headers?: { name: string; value: string }[]
}

/** A message whose consumer dies comes again after its visibility, a mail whose sender dies after a lease. */
const LONG = { patienceMs: 90_000 }

/** The token of the link to a page in the text of a mail; empty where there is none. */
export const tokenOf = (text: string | undefined, page: string): string =>
  text?.match(new RegExp(`/${page}#token=([\\w.~-]+)`))?.[1] ?? ''

/** What the local mailbox has received. */
export function createMailReader(mailboxUrl: string) {
  const list = async (to: string): Promise<Mail[]> => {
    const { emails } = (await (await fetch(`${mailboxUrl}/store?to=${encodeURIComponent(to)}`)).json()) as {
      emails: Mail[]
    }
    return emails
  }
  return {
    list,
    /** The first mail to this address whose subject, or that itself, matches. */
    waitFor: (to: string, wanted: RegExp | ((mail: Mail) => boolean)): Promise<Mail> =>
      until(async () => {
        const mails = await list(to)
        const mail = mails.find(wanted instanceof RegExp ? ({ subject }) => wanted.test(subject) : wanted)
        if (!mail)
          throw new Error(
            `no mail like ${wanted}; there is: ${mails.map(({ subject }) => subject).join(' | ')}`,
          )
        return mail
      }, LONG),
  }
}
