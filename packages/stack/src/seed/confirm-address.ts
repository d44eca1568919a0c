import { setTimeout as sleep } from 'node:timers/promises'
import { authRoutes } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { simpleParser } from 'mailparser'
import { z } from 'zod'

const LOOK_MS = 250
/** A mail takes some tenths of a second; longer while the machine is busy with starting. */
const LOOKS_MAX = 480

/**
 * Where mails are listed: the local mailbox, or LocalStack (https://docs.localstack.cloud/aws/services/ses/).
 */
const Listed = z.union([
  z.object({
    emails: z.array(
      z.object({
        destination: z.object({ to: z.array(z.string()) }),
        body: z.object({ text: z.string().optional() }),
      }),
    ),
  }),
  z.object({ messages: z.array(z.object({ RawData: z.string().optional() })) }),
])

/** Follows the newest link mailed to an address, and requests another if none arrives in time. */
export async function confirmAddress(
  { edgeUrl, mailsUrl }: { edgeUrl: string; mailsUrl: string },
  { email, password }: { email: string; password: string },
): Promise<void> {
  const auth = createClient(authRoutes, { baseUrl: edgeUrl })
  const tried = new Set<string>()
  for (let look = 0; look < LOOKS_MAX; look++) {
    for (const token of (await tokensFor(mailsUrl, email)).reverse()) {
      if (tried.has(token)) continue
      tried.add(token)
      if ((await auth.verifyEmail({ body: { token, password } })).status === 204) return
    }
    // Of an earlier account: its first mail is gone, or too old.
    if (look % 40 === 20) await auth.resendVerification({ body: { email } })
    await sleep(LOOK_MS)
  }
  throw new Error(`no mail arrived to confirm ${email}: see ${mailsUrl}`)
}

/** Returns the tokens of links in mails to an address, oldest first. */
async function tokensFor(mailsUrl: string, email: string): Promise<string[]> {
  const answer = await fetch(`${mailsUrl}?to=${encodeURIComponent(email)}`)
  const listed = Listed.parse(await answer.json())
  const texts =
    'emails' in listed
      ? listed.emails.map(({ body }) => body.text ?? '')
      : await textsTo(email, listed.messages)
  return texts.flatMap((text) => /\/verify-email#token=([\w.~-]+)/.exec(text)?.[1] ?? [])
}

async function textsTo(
  email: string,
  messages: readonly { RawData?: string | undefined }[],
): Promise<string[]> {
  const texts: string[] = []
  for (const { RawData = '' } of messages) {
    const { to, text } = await simpleParser(RawData)
    if ([to ?? []].flat().some(({ value }) => value.some(({ address }) => address === email)))
      texts.push(text ?? '')
  }
  return texts
}
