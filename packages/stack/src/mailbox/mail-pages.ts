import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { escapeHtml, page } from '@boxoffice/service-kit'

export interface Mail {
  messageId: string
  from: string
  destination: { to: string[] }
  subject: string
  body: { html?: string | undefined; text?: string | undefined }
  attachments: { filename?: string | undefined; contentType: string; content: string; cid?: string }[]
  /** Seconds since 1970. */
  at: number
}

// What is mailed runs nothing; what its links open is as any other page.
const SANDBOX = 'allow-popups allow-popups-to-escape-sandbox'

/**
 * The pages to read mails at: `/` lists them, `/mails/<id>` is one as its reader sees it (the viewer of the package behind the
 * mailbox leaves embedded pictures broken), `/mails/<id>/<n>` an attachment. False where the request is for something else.
 */
export function answerWithPage(mails: readonly Mail[], request: IncomingMessage, response: ServerResponse): boolean {
  const [path = ''] = (request.url ?? '').split('?')
  if (request.method !== 'GET') return false
  const nonce = randomBytes(12).toString('base64url')
  if (path === '/') return send(response, 'text/html; charset=utf-8', listPage(mails, nonce), nonce)
  const [, id, index] = path.match(/^\/mails\/([^/]+)(?:\/(\d+))?$/) ?? []
  const mail = mails.find(({ messageId }) => messageId === id)
  if (!mail) return false
  if (index === undefined) return send(response, 'text/html; charset=utf-8', withPictures(mail), null)
  const attachment = mail.attachments[Number(index)]
  return attachment ? send(response, attachment.contentType, Buffer.from(attachment.content, 'base64'), null) : false
}

/** `nonce` is that of a page of ours; what was mailed may show pictures and styles, and run nothing. */
function send(response: ServerResponse, contentType: string, body: string | Buffer, nonce: string | null): true {
  const policy = nonce
    ? `default-src 'none'; style-src 'nonce-${nonce}'; frame-src 'self'; img-src data:`
    : `sandbox ${SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:`
  response.writeHead(200, {
    'content-type': contentType,
    'x-content-type-options': 'nosniff',
    ...(contentType.startsWith('text/html') && { 'content-security-policy': policy }),
  })
  response.end(body)
  return true
}

function listPage(mails: readonly Mail[], nonce: string): string {
  const rows = mails.toReversed().map((mail, index) => {
    const attachments = mail.attachments
      .map(({ filename, cid }, n) =>
        cid ? '' : `<a href="/mails/${mail.messageId}/${n}" target="_blank">${escapeHtml(filename ?? `attachment ${n + 1}`)}</a>`,
      )
      .filter(Boolean)
    return `
    <details${index === 0 ? ' open' : ''}>
      <summary><strong>${escapeHtml(mail.subject)}</strong><br>
        <small>to ${escapeHtml(mail.destination.to.join(', '))} · ${new Date(mail.at * 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC</small></summary>
      ${attachments.length > 0 ? `<p>Attached: ${attachments.join(', ')}</p>` : ''}
      <iframe title="${escapeHtml(mail.subject)}" src="/mails/${mail.messageId}" sandbox="${SANDBOX}" loading="lazy"></iframe>
      <details><summary><small>Text part</small></summary><pre>${escapeHtml(mail.body.text ?? '')}</pre></details>
    </details>`
  })
  return page({
    title: 'Mailbox',
    nonce,
    styles: `
      details { border-top: 1px solid var(--line); padding: .75rem 0 }
      summary { cursor: pointer }
      small { color: var(--quiet) }
      iframe { width: 100%; height: 42rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .875rem }`,
    body: `
    <h1>Mailbox</h1>
    <p>${mails.length === 0 ? 'No mail yet: register somebody, or buy a ticket.' : `${mails.length} mails, the newest first. As JSON: <a href="/store">/store</a>`}</p>${rows.join('')}`,
  })
}

/** The HTML of a mail with the pictures that it embeds, its links in windows of their own; its text where it has no HTML. */
function withPictures({ body, attachments }: Mail): string {
  if (!body.html) return `<!doctype html><meta charset="utf-8"><pre>${escapeHtml(body.text ?? '')}</pre>`
  return attachments.reduce(
    (html, { cid, contentType, content }) =>
      cid ? html.replaceAll(`cid:${cid}`, `data:${contentType};base64,${content}`) : html,
    withBase(body.html),
  )
}

/** In its head, and only there: anything before the doctype would change how the mail is laid out. */
function withBase(html: string): string {
  const base = '<base target="_blank">'
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html
}
