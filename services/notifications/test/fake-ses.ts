import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { serveLocally } from '@boxoffice/service-kit/testing'
import { type ParsedMail, simpleParser } from 'mailparser'

export type SesMode =
  | 'ok'
  /** Says no for good, and names the address while doing so, as SES does. */
  | 'reject'
  | 'throttle'
  | 'down'
  /** Takes the mail and hangs up instead of answering. */
  | 'cut'

/** The part of SES that speaks `SendRawEmail` (the query protocol), and what it has taken. */
export async function startFakeSes() {
  const taken: {
    raw: string
    mail: ParsedMail
    destination: string | null
    messageId: string
    configurationSet: string | null
    tag: (string | null)[]
  }[] = []
  const state = { mode: 'ok' as SesMode, calls: 0, taken: async (_address: string | null) => {} }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    state.calls++
    const { mode } = state
    const answer = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body)
    const refuse = (status: number, code: string, message: string) =>
      answer(
        status,
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
          '<RequestId>r</RequestId></ErrorResponse>',
      )
    if (form.get('Action') !== 'SendRawEmail')
      return refuse(400, 'InvalidAction', 'only SendRawEmail is spoken here')
    const destination = form.get('Destinations.member.1')
    if (mode === 'reject')
      return refuse(400, 'MessageRejected', `Email address is not verified: ${destination}`)
    if (mode === 'throttle') return refuse(400, 'Throttling', 'Maximum sending rate exceeded.')
    if (mode === 'down') return refuse(500, 'InternalFailure', 'try later')
    const raw = Buffer.from(form.get('RawMessage.Data') ?? '', 'base64')
    const messageId = `0102${randomUUID()}-000000`
    const tag = ['Name', 'Value'].map((part) => form.get(`Tags.member.1.${part}`))
    const configurationSet = form.get('ConfigurationSetName')
    taken.push({
      raw: raw.toString('latin1'),
      mail: await simpleParser(raw),
      destination,
      messageId,
      configurationSet,
      tag,
    })
    await state.taken(destination)
    if (mode === 'cut') return request.socket.destroy()
    return answer(
      200,
      `<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult>` +
        `<MessageId>${messageId}</MessageId></SendRawEmailResult>` +
        '<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendRawEmailResponse>',
    )
  })
  return {
    url: await serveLocally(server),
    /** What it does from now on. */
    set(mode: SesMode) {
      state.mode = mode
    },
    /** What happens between taking a mail and answering, from now on. */
    onTaken(taken: (address: string | null) => Promise<void>) {
      state.taken = taken
    },
    calls: () => state.calls,
    /** Mails that were taken, of one notification's recipient or all. */
    mails: (address?: string) =>
      taken.filter(({ destination }) => address === undefined || destination === address),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type FakeSes = Awaited<ReturnType<typeof startFakeSes>>
