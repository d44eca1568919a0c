import { escapeHtml, page } from '@boxoffice/service-kit'
import type { Mail } from './mail-store.ts'

/** Renders the list of mails, newest first; `count` is the number of all mails. */
export function pageOfList(mails: readonly Mail[], count: number, nonce: string): string {
  const rows = mails.toReversed().map((mail, index) => {
    const attachments = mail.attachments
      .map(({ filename, cid }, n) =>
        cid
          ? ''
          : `<a href="/mails/${mail.messageId}/${n}" target="_blank">` +
            `${escapeHtml(filename ?? `attachment ${n + 1}`)}</a>`,
      )
      .filter(Boolean)
    const sentAt = new Date(mail.at * 1_000).toISOString().slice(0, 19).replace('T', ' ')
    return `
    <details${index === 0 ? ' open' : ''}>
      <summary><strong dir="auto">${escapeHtml(mail.subject)}</strong><br>
        <small>to ${escapeHtml(mail.destination.to.join(', '))} · ${sentAt} UTC</small></summary>
      ${attachments.length > 0 ? `<p>Attached: ${attachments.join(', ')}</p>` : ''}
      <iframe title="${escapeHtml(mail.subject)}" src="/mails/${mail.messageId}"
        sandbox="allow-popups allow-popups-to-escape-sandbox" loading="lazy"></iframe>
      <details><summary><small>Text part</small></summary>
        <pre>${escapeHtml(mail.body.text ?? '')}</pre></details>
    </details>`
  })
  return page({
    title: 'Mailbox',
    nonce,
    styles: `
      details { border-top: 1px solid var(--line); padding: .75rem 0 }
      summary { cursor: pointer }
      small { color: var(--quiet) }
      iframe { width: 100%; height: 42rem; border: 1px solid var(--line); border-radius: .5rem;
        background: #fff }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .875rem }`,
    body: `
    <h1>Mailbox</h1>
    <p>${aboutList(mails.length, count)}</p>${rows.join('')}`,
  })
}

function aboutList(shown: number, count: number): string {
  if (count === 0) return 'No mail yet: register a user, or buy a ticket.'
  const which = shown < count ? `The newest ${shown} of ${count} mails` : `${count} mails, the newest first`
  return `${which}. As JSON: <a href="/store">/store</a>`
}

/**
 * Returns the HTML of a mail with its embedded images and links that open new windows; its text if it has no
 * HTML.
 */
export function pageOfMail({ body, attachments }: Mail): string {
  if (!body.html) return `<!doctype html><meta charset="utf-8"><pre>${escapeHtml(body.text ?? '')}</pre>`
  return attachments.reduce(
    (html, { cid, contentType, content }) =>
      cid ? html.replaceAll(`cid:${cid}`, `data:${contentType};base64,${content}`) : html,
    withBase(body.html),
  )
}

/** In its head only: anything before the doctype would change the layout. */
function withBase(html: string): string {
  const base = '<base target="_blank">'
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html
}
