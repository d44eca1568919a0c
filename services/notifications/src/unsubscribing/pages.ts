import { codeMissing, type FormOutcome, type MailedPage, tokenOfForm } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Database } from '../database.ts'
import { isChangeable } from '../preferences/preference.ts'
import { saveChoices } from '../preferences/preference-repository.ts'
import { suppress } from '../suppressions/suppression-repository.ts'
import type { UnsubscribeTokens } from './unsubscribe-token.ts'

interface Deps {
  db: Database
  now: () => Date
  unsubscribeTokens: UnsubscribeTokens
}

/** Unsubscribes by a token and returns whether it was valid. Idempotent. */
async function unsubscribe({ db, now, unsubscribeTokens }: Deps, token: string): Promise<boolean> {
  const who = unsubscribeTokens.read(token)
  if (!who) return false
  if ('addressHash' in who) {
    await suppress(db, who.addressHash, { cause: 'OPT_OUT', reason: 'asked for', since: now() })
  } else if (isChangeable(who.type, 'EMAIL')) {
    const off = { type: who.type, channel: 'EMAIL' as const, enabled: false }
    await db.transact((tx) => saveChoices(tx, who.userId, [off], now()))
  }
  return true
}

const done: FormOutcome = { status: 200, done: true, text: 'Done: you get no more mails of this kind.' }
const invalid: FormOutcome = {
  status: 404,
  done: true,
  text: 'This link is not valid. Open it again from the mail, or copy all of it.',
}

/** The page of the unsubscribe link in optional mails. */
export const unsubscribePage = (deps: Deps): MailedPage => ({
  path: '/unsubscribe',
  title: 'No more mails of this kind',
  lead: 'One press, and this address gets no more mails like the one you came from.',
  fields: `
      <button>No more of these mails</button>`,
  async take(sent) {
    const token = tokenOfForm(sent)
    if (token === '') return codeMissing
    return (await unsubscribe(deps, token)) ? done : invalid
  },
})

/** Mounts one-click unsubscribe for mail programs (RFC 8058): POST alone, since scanners follow links. */
export function mountOneClick(app: FastifyInstance, deps: Deps): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The body `List-Unsubscribe=One-Click`, in either form encoding, is ignored: the token is enough.
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: 4_096 }, (_request, _body, done) =>
      done(null, undefined),
    )
    scope.post<{ Params: { token: string } }>('/unsubscribe/:token', async (request, reply) => {
      reply.code((await unsubscribe(deps, request.params.token)) ? 204 : 404)
      return reply.send()
    })
    scope.get<{ Params: { token: string } }>('/unsubscribe/:token', async (request, reply) =>
      reply.redirect(`/unsubscribe#token=${encodeURIComponent(request.params.token)}`),
    )
  })
}
