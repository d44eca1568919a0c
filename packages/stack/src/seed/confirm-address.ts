import { setTimeout as sleep } from 'node:timers/promises'
import { authRoutes } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { listSentMails } from './sent-mails.ts'

const LOOK_MS = 250
/** A mail takes some tenths of a second; longer while the machine is busy with starting. */
const LOOKS_MAX = 480

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
  const mails = await listSentMails(mailsUrl, email)
  return mails.flatMap(({ text }) => /\/verify-email#token=([\w.~-]+)/.exec(text)?.[1] ?? [])
}
