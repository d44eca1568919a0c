import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import ses from 'aws-ses-v2-local'
import store from 'aws-ses-v2-local/dist/store.js'
import { answerWithPage } from './mail-pages.ts'

/** A stand-in for SES that keeps what it is given. `url` is its API, and a page to read mails at; `GET /store` lists them, `?to=` some. */
export interface Mailbox {
  url: string
  stop(): Promise<void>
}

const KEPT_MAX = 500
// https://docs.aws.amazon.com/ses/latest/dg/quotas.html: by the API of version 1, attachments in base64 included.
const MAIL_BYTES_MAX = 10 * 1_024 * 1_024
const RECIPIENTS_MAX = 50

/**
 * Serve the mailbox on 127.0.0.1. Mails are in `file`, one JSON object a line, before the sender hears that they were taken; the
 * newest 500 are there again after a restart. One a process: the package behind it has a single store.
 */
export async function startMailbox(options: { port: number; file: string }): Promise<Mailbox> {
  mkdirSync(path.dirname(options.file), { recursive: true })
  const lines = existsSync(options.file) ? readFileSync(options.file, 'utf8').split('\n') : []
  for (const line of lines.slice(-KEPT_MAX - 1)) {
    const mail = parseMail(line)
    if (mail) mails().push(mail)
  }
  writeFileSync(options.file, mails().map(asLine).join(''))

  const server = await ses.default({ port: options.port, host: '127.0.0.1' })
  keepInFile(server, options.file)
  servePages(server)
  return {
    url: `http://127.0.0.1:${options.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Mail = Parameters<typeof store.saveEmail>[0]
const mails = (): Mail[] => store.getStoreReadonly().emails
const asLine = (mail: Mail) => `${JSON.stringify(mail)}\n`

/** The package has no hook for a mail that was taken: write what is new before any answer leaves. */
function keepInFile(server: Server, file: string): void {
  let written = mails().length
  server.prependListener('request', (_request, response) => {
    const end = response.end
    response.end = ((...args: Parameters<typeof end>) => {
      const all = mails()
      if (all.length < written)
        writeFileSync(file, all.map(asLine).join('')) // somebody emptied it
      else if (all.length > written) appendFileSync(file, all.slice(written).map(asLine).join(''))
      written = all.length
      return end.apply(response, args)
    }) as typeof end
  })
}

/** Our pages in front of the package's: everything else is its own. */
function servePages(server: Server): void {
  const others = server.listeners('request') as RequestListener[]
  server.removeAllListeners('request')
  server.on('request', async (request, response) => {
    if (answerWithMailsTo(request, response) || answerWithPage(mails(), request, response)) return
    const refusal = await refusalOf(request)
    if (refusal) response.writeHead(400, { 'content-type': 'text/xml' }).end(failure(refusal))
    else for (const listener of others) listener.call(server, request, response)
  })
}

/**
 * Why SES would not take a raw mail, which the package behind this takes of any size; null otherwise. It is read here for that, and
 * handed on in parts, as the package's parser leaves it.
 */
async function refusalOf(request: IncomingMessage & { body?: Record<string, string> }): Promise<string | null> {
  if (request.method !== 'POST' || !request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return null
  request.body = Object.fromEntries(new URLSearchParams(await text(request)))
  const bytes = Buffer.from(request.body['RawMessage.Data'] ?? '', 'base64').length
  if (bytes > MAIL_BYTES_MAX) return `Message length is more than ${MAIL_BYTES_MAX} bytes long: '${bytes}'.`
  return `Destinations.member.${RECIPIENTS_MAX + 1}` in request.body ? `Recipient count exceeds ${RECIPIENTS_MAX}.` : null
}

const failure = (message: string) =>
  `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>${message}</Message></Error></ErrorResponse>`

/** `GET /store?to=zofia`: of the store only mails to addresses with this text in them, as a crowd's mails are many and large. */
function answerWithMailsTo({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
  const { pathname, searchParams } = new URL(url, 'http://mailbox')
  const to = searchParams.get('to')
  if (method !== 'GET' || pathname !== '/store' || to === null) return false
  const emails = mails().filter(({ destination }) => destination.to.some((address) => address.includes(to)))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ emails }))
  return true
}

function parseMail(line: string): Mail | null {
  try {
    return JSON.parse(line)
  } catch {
    return null // the end of the file, or a line that a kill cut off
  }
}
