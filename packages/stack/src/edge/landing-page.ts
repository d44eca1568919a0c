import { page } from '@boxoffice/service-kit'

export interface Running {
  title: string
  path: string
  name: string
  ready: boolean
}

/** Lists what runs here and where to go next. */
export function landingPage(options: {
  running: Running[]
  mailboxUrl: string
  smsUrl: string
  nonce: string
}): string {
  const rows = options.running.map(
    ({ title, path, name, ready }) => `
      <tr><th scope="row">${title}</th><td><code>${path}</code></td><td>${name}</td>
        <td class="${ready ? 'ready' : 'away'}">${ready ? 'ready' : 'not answering'}</td></tr>`,
  )
  const mailbox = new URL(options.mailboxUrl).href
  return page({
    title: 'Boxoffice',
    nonce: options.nonce,
    body: `
    <h1>Boxoffice</h1>
    <p>Event tickets: sold once, paid once, delivered. This is the system on your machine.</p>
    <ul class="links">
      <li><a href="/docs">API reference</a> every public call of the services below</li>
      <li><a href="${mailbox}">Mailbox</a> every mail that was sent, with its tickets</li>
      <li><a href="${new URL(options.smsUrl).href}">Text messages</a> every one that was sent</li>
      <li><a href="/api/events">Events</a> what is on sale, as JSON</li>
    </ul>
    <table>
      <caption>Services behind this address</caption>
      <thead><tr><th scope="col">Service</th><th scope="col">Path</th>
        <th scope="col">Name</th><th scope="col">State</th></tr></thead>
      <tbody>${rows.join('')}
      </tbody>
    </table>`,
  })
}
