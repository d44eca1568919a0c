import type { FastifyInstance, FastifyReply } from 'fastify'
import { escapeHtml, page, sendPage } from './page.ts'

/** What a form of ours sends: one text by name. */
export type SentForm = Readonly<Record<string, string>>

/** What a page says of the form that was sent; `done`: there is nothing more to fill in. */
export interface FormOutcome {
  status: number
  text: string
  done?: boolean
}

const styles = `
      form { display: grid; gap: 1.1rem; max-width: 26rem; margin-top: 1.5rem }
      label { display: grid; gap: .3rem; font-weight: 600 }
      label.choice { grid-template-columns: auto 1fr; align-items: start; font-weight: 400 }
      input:not([type=checkbox]) { padding: .65rem .75rem; border: 1px solid var(--quiet); border-radius: .5rem; background: var(--paper); color: var(--ink); font: inherit }
      input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px }
      form button { justify-self: start }
      .question { margin: 1.5rem 0 0; color: var(--quiet) }
      button.quiet { padding: 0; background: none; color: var(--accent); font-weight: 400; text-decoration: underline }`

/**
 * The link of a mail has its token behind `#`, which a browser keeps to itself: what stands behind `?` is in
 * access logs. The script moves it into the form, which sends it in its body; without the script the code
 * from the mail is pasted. Mails of before have it behind `?`.
 */
const script = `
      const given = new URLSearchParams(location.hash.slice(1)).get('token') ?? new URLSearchParams(location.search).get('token')
      if (given) {
        document.getElementById('code').value = given
        document.getElementById('code-field').hidden = true
        history.replaceState(null, '', location.pathname)
      }
      addEventListener('hashchange', () => location.reload()) // another link, opened in the same tab`

/** A page that the link of a mail leads to. */
export interface MailedPage {
  path: `/${string}`
  title: string
  /** HTML: what the form is for. */
  lead: string
  /** HTML: what the form has beside the code, its buttons included. */
  fields: string
  /** What becomes of a form that was sent. */
  take(sent: SentForm, ip: string): Promise<FormOutcome>
}

/** Forms are small: a code and some lines. */
const FORM_LIMIT_BYTES = 16_384
const FORM = 'application/x-www-form-urlencoded'

/**
 * Pages for people that the links of mails lead to. Each is a form that is sent to its own address, so that
 * it works without JavaScript; nothing of it is cached, and no other page is told its address.
 */
export function mountMailedPages(app: FastifyInstance, pages: readonly MailedPage[]): void {
  // Forms are read here alone: everything else takes JSON.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      FORM,
      { parseAs: 'string', bodyLimit: FORM_LIMIT_BYTES },
      (_request, body, done) =>
        done(null, Object.fromEntries(new URLSearchParams(body.toString())) satisfies SentForm),
    )
    for (const page of pages) mountPage(scope, page)
  })
}

function mountPage(app: FastifyInstance, page: MailedPage): void {
  const answer = (reply: FastifyReply, outcome: FormOutcome | null, sent: SentForm) => {
    reply.header('referrer-policy', 'no-referrer').code(outcome?.status ?? 200)
    return sendPage(reply, (nonce) => htmlOf(page, nonce, outcome, sent))
  }
  app.get(page.path, async (_request, reply) => answer(reply, null, {}))
  app.post(page.path, async (request, reply) => {
    const sent = (request.body ?? {}) as SentForm
    return answer(reply, await page.take(sent, request.ip), sent)
  })
}

function htmlOf(
  { title, lead, path, fields }: MailedPage,
  nonce: string,
  outcome: FormOutcome | null,
  sent: SentForm,
): string {
  const form = `
    <p>${lead}</p>
    <form id="form" method="post" action="${path}">
      <label id="code-field">Code, or the whole link, from the mail
        <input id="code" name="code" value="${escapeHtml(sent.code ?? '')}" maxlength="1000" autocomplete="off" spellcheck="false" required>
      </label>${fields}
    </form>
    <script nonce="${nonce}">${script}
    </script>`
  const body = `
    <h1>${title}</h1>
    <p id="outcome" role="status">${escapeHtml(outcome?.text ?? '')}</p>${outcome?.done ? '' : form}`
  return page({ title, nonce, styles, body })
}

/** The token in what was pasted: the code alone, or the link that it stands in. */
export const tokenOfForm = ({ code = '' }: SentForm): string =>
  /(?:[#?&]token=)?([\w.~-]{1,512})\s*$/.exec(code)?.[1] ?? ''

export const codeMissing: FormOutcome = {
  status: 400,
  text: 'The code is missing: it is in the mail, below the button.',
}
