import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { escapeHtml, page } from '@boxoffice/service-kit'
import Fastify from 'fastify'

export interface Sms {
  messageId: string
  phoneNumber: string
  message: string
  senderId: string | null
  at: string
}

/** A stand-in for the part of SNS that sends text messages: it stores them. */
export interface SmsCapture {
  url: string
  stop(): Promise<void>
}

const KEPT_MAX = 500
const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/'
// https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html: at most 1,600 characters are sent.
const LENGTH_MAX = 1_600
// https://docs.aws.amazon.com/sns/latest/dg/channels-sms-originating-identities-sender-ids.html: 1 to 11 of
// these, one of them a letter.
const SENDER_ID = /^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/

/**
 * Serves `Publish` with a `PhoneNumber`. A message is in `file`, one JSON object a line, before its sender is
 * answered. `GET /store` lists the newest 500, `/` shows them to people.
 */
export async function startSmsCapture(options: {
  port: number
  /** Address to listen on; 127.0.0.1 unless given. */
  host?: string
  file: string
  now: () => Date
}): Promise<SmsCapture> {
  mkdirSync(path.dirname(options.file), { recursive: true })
  const kept = existsSync(options.file) ? readLines(options.file) : []
  const app = Fastify()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )

  app.post<{ Body: Record<string, string> | null }>('/', async ({ body }, reply) => {
    const { Action, PhoneNumber = '', Message = '' } = body ?? {}
    reply.type('text/xml')
    if (Action !== 'Publish')
      return reply
        .code(400)
        .send(failure('InvalidAction', `only text messages are supported here, not ${Action}`))
    if (!/^\+[1-9]\d{6,14}$/.test(PhoneNumber))
      return reply.code(400).send(failure('InvalidParameter', 'PhoneNumber'))
    if (Message === '' || Message.length > LENGTH_MAX)
      return reply.code(400).send(failure('InvalidParameter', 'Message'))
    const senderId = findSenderId(body ?? {})
    if (senderId !== null && !SENDER_ID.test(senderId))
      return reply.code(400).send(failure('InvalidParameter', 'AWS.SNS.SMS.SenderID'))
    const sms: Sms = {
      messageId: crypto.randomUUID(),
      phoneNumber: PhoneNumber,
      message: Message,
      senderId,
      at: options.now().toISOString(),
    }
    appendFileSync(options.file, `${JSON.stringify(sms)}\n`)
    kept.push(sms)
    if (kept.length > KEPT_MAX) kept.shift()
    return reply.send(
      `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>${sms.messageId}</MessageId>` +
        '</PublishResult></PublishResponse>',
    )
  })
  app.get('/store', async () => ({ messages: kept }))
  app.get('/', async (_request, reply) => {
    const nonce = crypto.randomUUID()
    return reply
      .header('content-security-policy', `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:`)
      .type('text/html; charset=utf-8')
      .send(listPage(kept, nonce))
  })
  const url = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port })
  return { url, stop: () => app.close() }
}

/** SNS numbers its attributes: `MessageAttributes.entry.1.Name`, `….1.Value.StringValue`. */
function findSenderId(body: Record<string, string>): string | null {
  const name = Object.keys(body).find((key) => /\.Name$/.test(key) && body[key] === 'AWS.SNS.SMS.SenderID')
  return (name && body[name.replace(/Name$/, 'Value.StringValue')]) ?? null
}

const failure = (code: string, message: string) =>
  `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code>` +
  `<Message>${escapeHtml(message)}</Message></Error></ErrorResponse>`

function readLines(file: string): Sms[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(-KEPT_MAX - 1)
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Sms]
    } catch {
      return [] // the end of the file, or a line that a kill cut off
    }
  })
}

const secondOf = (at: string) => at.slice(0, 19).replace('T', ' ')

function listPage(messages: readonly Sms[], nonce: string): string {
  const rows = messages.toReversed().map(
    ({ phoneNumber, senderId, message, at }) => `
      <tr><td>${escapeHtml(phoneNumber)}<br>
        <small>from ${escapeHtml(senderId ?? 'an unnamed sender')}, ${secondOf(at)} UTC</small></td>
        <td dir="auto">${escapeHtml(message)}</td></tr>`,
  )
  const about = messages.length === 0 ? 'None yet.' : 'The newest first. As JSON: <a href="/store">/store</a>'
  return page({
    title: 'Text messages',
    nonce,
    styles: `
      small { color: var(--quiet) }`,
    body: `
    <h1>Text messages</h1>
    <p>${about}</p>
    <table>${rows.join('')}
    </table>`,
  })
}
