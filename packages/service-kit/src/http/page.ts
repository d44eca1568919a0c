import { randomBytes } from 'node:crypto'
import type { FastifyReply } from 'fastify'

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Escapes untrusted text for HTML. */
export const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character)

/**
 * Renders a page in the common plain style. `body` and `styles` are trusted HTML and CSS: escape untrusted
 * text in them.
 */
export const page = (options: {
  title: string
  nonce: string
  body: string
  styles?: string
}): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${options.title}</title>
    <link rel="icon" href="data:,">
    <style nonce="${options.nonce}">
      :root { color-scheme: light dark; --ink: #1c1b22; --paper: #fff; --quiet: #5b5966; --line: #dcdae3;
        --accent: #6d28d9; --on-accent: #fff; --bad: #b3261e; --good: #1a6b3c }
      @media (prefers-color-scheme: dark) {
        :root { --ink: #eceaf2; --paper: #17161c; --quiet: #a9a6b5; --line: #37353f; --accent: #b794f6;
          --on-accent: #17161c; --bad: #ff897d; --good: #7bd89b }
      }
      body { margin: 0 auto; max-width: 46rem; padding: 3rem 1.5rem; background: var(--paper);
        color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif }
      h1 { margin: 0 0 .5rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.02em }
      a { color: var(--accent) }
      code { font: .9375em ui-monospace, monospace }
      .links { padding: 0; list-style: none }
      .links li { margin: .35rem 0; color: var(--quiet) }
      .links a { display: inline-block; min-width: 9rem; font-weight: 600 }
      table { width: 100%; margin-top: 2rem; border-collapse: collapse; text-align: left }
      caption { padding-bottom: .5rem; text-align: left; color: var(--quiet) }
      th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line) }
      thead th { color: var(--quiet); font-size: .875rem; font-weight: 500 }
      .ready { color: var(--good) }
      .away { color: var(--bad) }
      button { padding: .7rem 1.4rem; border: 0; border-radius: .5rem; background: var(--accent);
        color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer }
      button:disabled { opacity: .6; cursor: default }
      button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px }
      [hidden] { display: none }${options.styles ?? ''}
    </style>
  </head>
  <body>
    <main>${options.body}
    </main>
  </body>
</html>
`

/**
 * Returns the content security policy of a page: scripts and styles with this nonce, nothing from elsewhere.
 */
export const pagePolicy = (nonce: string, styles = `'nonce-${nonce}'`): string =>
  `default-src 'self'; script-src 'self' 'nonce-${nonce}'; style-src 'self' ${styles}; ` +
  "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export const createNonce = (): string => randomBytes(16).toString('base64')

/** Sends a page with its policy, never cached. */
export function sendPage(reply: FastifyReply, pageOf: (nonce: string) => string): FastifyReply {
  const nonce = createNonce()
  return reply
    .header('content-security-policy', pagePolicy(nonce))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(pageOf(nonce))
}
