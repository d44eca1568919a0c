import { simpleParser } from 'mailparser'
import { z } from 'zod'

/** A mail as its reader sees it. */
export interface SentMail {
  readonly subject: string
  readonly text: string
  /** Content types of what is attached. */
  readonly attachments: readonly string[]
}

/** The local mailbox's list, or LocalStack's (https://docs.localstack.cloud/aws/services/ses/). */
const Listed = z.union([
  z.object({
    emails: z.array(
      z.object({
        subject: z.string(),
        body: z.object({ text: z.string().optional() }),
        attachments: z.array(z.object({ contentType: z.string() })),
      }),
    ),
  }),
  z.object({ messages: z.array(z.object({ RawData: z.string().optional() })) }),
])

/**
 * Reads the mails sent to an address, the oldest first, from `mailsUrl`: the local mailbox's list, or
 * LocalStack's.
 */
export async function listSentMails(mailsUrl: string, address: string): Promise<SentMail[]> {
  const answer = await fetch(`${mailsUrl}?to=${encodeURIComponent(address)}`)
  const listed = Listed.parse(await answer.json())
  if ('emails' in listed)
    return listed.emails.map(({ subject, body, attachments }) => ({
      subject,
      text: body.text ?? '',
      attachments: attachments.map(({ contentType }) => contentType),
    }))
  const parsed = await Promise.all(listed.messages.map(({ RawData = '' }) => simpleParser(RawData)))
  return parsed
    .filter(({ to }) => [to ?? []].flat().some(({ value }) => value.some((each) => each.address === address)))
    .map(({ subject = '', text = '', attachments }) => ({
      subject,
      text,
      attachments: attachments.map(({ contentType }) => contentType),
    }))
}
