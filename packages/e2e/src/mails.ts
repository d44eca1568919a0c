export interface Mail {
  messageId: string
  from: string
  destination: { to: string[] }
  subject: string
  body: { html?: string; text?: string }
  attachments: { filename?: string; contentType: string; content: string }[]
  headers?: { name: string; value: string }[]
}

/** A message whose consumer dies comes again after a minute, a mail whose sender dies after another, and the machine may be busy. */
const WAIT_LIMIT_MS = 240_000

/** What the local mailbox has received. */
export function createMailReader(mailboxUrl: string) {
  const list = async (to: string): Promise<Mail[]> => {
    const { emails } = (await (await fetch(`${mailboxUrl}/store`)).json()) as { emails: Mail[] }
    return emails.filter(({ destination }) => destination.to.some((address) => address.includes(to)))
  }
  return {
    list,
    /** The first mail to this address whose subject, or that itself, matches; throws after four minutes. */
    async waitFor(to: string, wanted: RegExp | ((mail: Mail) => boolean)): Promise<Mail> {
      const matches = wanted instanceof RegExp ? ({ subject }: Mail) => wanted.test(subject) : wanted
      const limit = Date.now() + WAIT_LIMIT_MS
      for (;;) {
        const mails = await list(to)
        const mail = mails.find(matches)
        if (mail) return mail
        if (Date.now() > limit) throw new Error(`no mail like ${wanted}; there is: ${mails.map((m) => m.subject).join(' | ')}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
  }
}
