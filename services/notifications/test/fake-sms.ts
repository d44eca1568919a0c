import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { serveLocally } from '@boxoffice/service-kit/testing'

export type SmsMode = 'ok' | 'reject' | 'down'

/** The part of SNS that sends text messages (the query protocol), and what it has taken. */
export async function startFakeSms() {
  const taken: { phoneNumber: string; text: string; attributes: Record<string, string> }[] = []
  const state = { mode: 'ok' as SmsMode }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const answer = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body)
    const refuse = (status: number, code: string) =>
      answer(
        status,
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error>` +
          '<RequestId>r</RequestId></ErrorResponse>',
      )
    if (form.get('Action') !== 'Publish' || form.has('TopicArn')) return refuse(400, 'InvalidAction')
    if (state.mode === 'reject') return refuse(400, 'InvalidParameter')
    if (state.mode === 'down') return refuse(500, 'InternalError')
    const names = [1, 2].map((number) => `MessageAttributes.entry.${number}`)
    taken.push({
      phoneNumber: form.get('PhoneNumber') ?? '',
      text: form.get('Message') ?? '',
      attributes: Object.fromEntries(
        names.map((name) => [form.get(`${name}.Name`) ?? '', form.get(`${name}.Value.StringValue`) ?? '']),
      ),
    })
    return answer(
      200,
      `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>` +
        `<MessageId>${randomUUID()}</MessageId></PublishResult></PublishResponse>`,
    )
  })
  return {
    url: await serveLocally(server),
    /** What it does from now on. */
    set(mode: SmsMode) {
      state.mode = mode
    },
    /** Text messages that were taken for a telephone. */
    texts: (phoneNumber: string) => taken.filter((text) => text.phoneNumber === phoneNumber),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
