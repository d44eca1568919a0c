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

/**
 * A message whose consumer dies is redelivered after its visibility timeout; a mail whose sender dies is
 * retried after its lease.
 */
const LONG = { patienceMs: 90_000 }

/** Returns the token of the link to a page in a mail's text; empty if there is none. */
export const tokenOf = (text: string | undefined, page: string): string =>
  text?.match(new RegExp(`/${page}#token=([\\w.~-]+)`))?.[1] ?? ''

/** Reads the mails of the local mailbox. */
export function createMailReader(mailboxUrl: string) {
  const list = async (to: string): Promise<Mail[]> => {
    const { emails } = (await (await fetch(`${mailboxUrl}/store?to=${encodeURIComponent(to)}`)).json()) as {
      emails: Mail[]
    }
    return emails
  }
  return {
    list,
    /** Waits for the first mail to this address that matches, or whose subject matches. */
    waitFor: (to: string, wanted: RegExp | ((mail: Mail) => boolean)): Promise<Mail> =>
      until(async () => {
        const mails = await list(to)
        const mail = mails.find(wanted instanceof RegExp ? ({ subject }) => wanted.test(subject) : wanted)
        if (!mail)
          throw new Error(
            `no mail matches ${wanted}; subjects received: ` +
              `${mails.map(({ subject }) => subject).join(' | ')}`,
          )
        return mail
      }, LONG),
  }
}
