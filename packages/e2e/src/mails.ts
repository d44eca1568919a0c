export interface Mail {
  messageId: string
  from: string
  destination: { to: string[] }
  subject: string
  body: { html?: string; text?: string }
  attachments: { filename?: string; contentType: string; content: string }[]
  headers?: { name: string; value: string }[]
}

const WAIT_LIMIT_MS = 120_000

/** What the local mailbox has received. */
export function createMailReader(mailboxUrl: string) {
  const list = async (to: string): Promise<Mail[]> => {
    const { emails } = (await (await fetch(`${mailboxUrl}/store`)).json()) as { emails: Mail[] }
    return emails.filter(({ destination }) => destination.to.some((address) => address.includes(to)))
  }
  return {
    list,
    /** The first mail to this address whose subject matches; throws after two minutes. */
    async waitFor(to: string, subject: RegExp): Promise<Mail> {
      const limit = Date.now() + WAIT_LIMIT_MS
      for (;;) {
        const mails = await list(to)
        const mail = mails.find((candidate) => subject.test(candidate.subject))
        if (mail) return mail
        if (Date.now() > limit) throw new Error(`no mail like ${subject}; there is: ${mails.map((m) => m.subject).join(' | ')}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
  }
}
