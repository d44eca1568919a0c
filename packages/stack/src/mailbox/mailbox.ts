import Fastify, { type FastifyReply } from 'fastify'
import { pageOfList, pageOfMail } from './mail-pages.ts'
import { type Mail, openMailStore, type StoredMail } from './mail-store.ts'

/**
 * A stand-in for SES that stores mails. `url` is its API, and a page that shows them; `GET /store` lists
 * them, filtered by `?to=`.
 */
export interface Mailbox {
  url: string
  stop(): Promise<void>
}

// https://docs.aws.amazon.com/ses/latest/dg/quotas.html: for version 1 of the API, attachments in base64
// included.
const MAIL_BYTES_MAX = 10 * 1_024 * 1_024
const RECIPIENTS_MAX = 50
const NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/'
/**
 * The largest mail in base64, with each `+` and `/` percent-encoded, and some more to be able to report an
 * error.
 */
const REQUEST_BYTES_MAX = 25 * 1_024 * 1_024
/** The most mails on the page, since each is parsed for it. */
const LISTED_MAX = 100

/**
 * Serves `SendRawEmail` of SES. A mail is in `file` before its sender is answered. Of the checks of SES only
 * the limits are made.
 */
export async function startMailbox(options: {
  port: number
  /** Address to listen on; 127.0.0.1 unless given. */
  host?: string
  file: string
}): Promise<Mailbox> {
  const store = openMailStore(options.file)
  const readAll = (mails: readonly StoredMail[]) => Promise.all(mails.map(store.read))
  const app = Fastify({ bodyLimit: REQUEST_BYTES_MAX, forceCloseConnections: true })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )

  app.post<{ Body: Record<string, string> | null }>('/', async ({ body, headers }, reply) => {
    reply.type('text/xml')
    if (!headers.authorization?.startsWith('AWS'))
      return reply.code(403).send(failure('MissingAuthenticationToken', 'not signed'))
    const refusal = refusalOf(body ?? {})
    if (refusal) return reply.code(400).send(refusal)
    const messageId = crypto.randomUUID()
    const { 'RawMessage.Data': raw = '' } = body ?? {}
    store.add({ messageId, at: Math.floor(Date.now() / 1_000), recipients: recipientsOf(body ?? {}), raw })
    return reply.send(
      `<SendRawEmailResponse xmlns="${NAMESPACE}"><SendRawEmailResult><MessageId>${messageId}</MessageId>` +
        '</SendRawEmailResult></SendRawEmailResponse>',
    )
  })

  // `?to=zofia`: only mails to addresses that contain this text, as a crowd's mails are many and large.
  app.get<{ Querystring: { to?: string } }>('/store', async ({ query: { to } }) => {
    if (to === undefined) return { emails: await readAll(store.all()) }
    const has = (addresses: readonly string[]) => addresses.some((address) => address.includes(to))
    const likely = store.all().filter(({ recipients }) => recipients.length === 0 || has(recipients))
    const emails = await readAll(likely)
    return {
      emails: emails.filter(
        ({ destination }, index) => has(likely[index]?.recipients ?? []) || has(destination.to),
      ),
    }
  })
  app.post('/clear-store', async () => {
    store.clear()
    return { message: 'Store cleared' }
  })

  // A mail may show images and styles, and runs nothing.
  const find = async (id: string): Promise<Mail | null> => {
    const mail = store.all().find(({ messageId }) => messageId === id)
    return mail ? store.read(mail) : null
  }
  app.get('/', async (_request, reply) => {
    const count = store.all().length
    const nonce = crypto.randomUUID()
    const policy = `default-src 'none'; style-src 'nonce-${nonce}'; frame-src 'self'; img-src data:`
    return show(reply, policy, HTML, pageOfList(await readAll(store.all().slice(-LISTED_MAX)), count, nonce))
  })
  app.get<{ Params: { id: string } }>('/mails/:id', async ({ params }, reply) => {
    const mail = await find(params.id)
    return mail ? show(reply, MAILED, HTML, pageOfMail(mail)) : reply.callNotFound()
  })
  app.get<{ Params: { id: string; index: string } }>('/mails/:id/:index', async ({ params }, reply) => {
    const attachment = (await find(params.id))?.attachments[Number(params.index)]
    if (!attachment) return reply.callNotFound()
    return show(reply, MAILED, attachment.contentType, Buffer.from(attachment.content, 'base64'))
  })
  return {
    url: await app.listen({ host: options.host ?? '127.0.0.1', port: options.port }),
    stop: () => app.close(),
  }
}

const HTML = 'text/html; charset=utf-8'
/** Its links open normal pages. */
const MAILED =
  'sandbox allow-popups allow-popups-to-escape-sandbox; ' +
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

const show = (reply: FastifyReply, policy: string, contentType: string, body: string | Buffer) =>
  reply
    .headers({
      'content-type': contentType,
      'x-content-type-options': 'nosniff',
      'content-security-policy': policy,
    })
    .send(body)

/** Returns why SES would refuse the mail. */
function refusalOf(body: Record<string, string>): string | null {
  const { Action, 'RawMessage.Data': raw = '' } = body
  if (Action !== 'SendRawEmail') return failure('InvalidAction', 'only SendRawEmail is supported here')
  const bytes = Buffer.byteLength(raw, 'base64')
  if (bytes === 0) return failure('InvalidParameterValue', 'Message is empty.')
  if (bytes > MAIL_BYTES_MAX)
    return failure(
      'InvalidParameterValue',
      `Message length is more than ${MAIL_BYTES_MAX} bytes long: '${bytes}'.`,
    )
  const isSentToMore = `Destinations.member.${RECIPIENTS_MAX + 1}` in body
  return isSentToMore ? failure('InvalidParameterValue', `Recipient count exceeds ${RECIPIENTS_MAX}.`) : null
}

/** SES numbers them: `Destinations.member.1`. */
const recipientsOf = (body: Record<string, string>): string[] =>
  Object.entries(body).flatMap(([name, value]) => (name.startsWith('Destinations.member.') ? [value] : []))

const failure = (code: string, message: string) =>
  `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code>` +
  `<Message>${message}</Message></Error></ErrorResponse>`
