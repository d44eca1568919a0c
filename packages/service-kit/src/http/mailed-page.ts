import type { FastifyInstance, FastifyReply } from 'fastify'
import { escapeHtml, page, sendPage } from './page.ts'

/** The fields of a submitted form. */
export type SentForm = Readonly<Record<string, string>>

/** The message of a page after its form was submitted; `done` hides the form. */
export interface FormOutcome {
  status: number
  text: string
  done?: boolean
}

const styles = `
      form { display: grid; gap: 1.1rem; max-width: 26rem; margin-top: 1.5rem }
      label { display: grid; gap: .3rem; font-weight: 600 }
      label.choice { grid-template-columns: auto 1fr; align-items: start; font-weight: 400 }
      input:not([type=checkbox]) { padding: .65rem .75rem; border: 1px solid var(--quiet);
        border-radius: .5rem; background: var(--paper); color: var(--ink); font: inherit }
      input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px }
      form button { justify-self: start }
      .question { margin: 1.5rem 0 0; color: var(--quiet) }
      button.quiet { padding: 0; background: none; color: var(--accent); font-weight: 400;
        text-decoration: underline }`

/**
 * The link in a mail carries its token behind `#`, which browsers do not send: access logs record what is
 * behind `?`. The script moves the token into the form, which sends it in the body; without scripts the user
 * pastes the code from the mail. Older mails have it behind `?`.
 */
const script = `
      const tokenOf = (text) => new URLSearchParams(text).get('token')
      const given = tokenOf(location.hash.slice(1)) ?? tokenOf(location.search)
      if (given) {
        document.getElementById('code').value = given
        document.getElementById('code-field').hidden = true
        history.replaceState(null, '', location.pathname)
      }
      addEventListener('hashchange', () => location.reload()) // another link, opened in the same tab`

/** A page that a link in a mail leads to. */
export interface MailedPage {
  path: `/${string}`
  title: string
  /** HTML: what the form is for. */
  lead: string
  /** HTML: the form beside the code field, including buttons. */
  fields: string
  /** Handles a submitted form. */
  take(sent: SentForm, ip: string): Promise<FormOutcome>
}

/** Forms are small: a code and a few lines. */
const FORM_LIMIT_BYTES = 16_384
const FORM = 'application/x-www-form-urlencoded'

/**
 * Mounts pages that links in mails lead to. Each is a form posted to its own address, so that it works
 * without JavaScript; it is never cached, and sends no referrer.
 */
export function mountMailedPages(app: FastifyInstance, pages: readonly MailedPage[]): void {
  // Only these pages accept forms; all other routes take JSON.
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
        <input id="code" name="code" value="${escapeHtml(sent.code ?? '')}"
          maxlength="1000" autocomplete="off" spellcheck="false" required>
      </label>${fields}
    </form>
    <script nonce="${nonce}">${script}
    </script>`
  const body = `
    <h1>${title}</h1>
    <p id="outcome" role="status">${escapeHtml(outcome?.text ?? '')}</p>${outcome?.done ? '' : form}`
  return page({ title, nonce, styles, body })
}

/** Extracts the token from the pasted text: the code alone, or the whole link. */
export const tokenOfForm = ({ code = '' }: SentForm): string =>
  /(?:[#?&]token=)?([\w.~-]{1,512})\s*$/.exec(code)?.[1] ?? ''

export const codeMissing: FormOutcome = {
  status: 400,
  text: 'The code is missing: it is in the mail, below the button.',
}
