import { once } from 'node:events'
import http from 'node:http'
import { buffer } from 'node:stream/consumers'
import { claimPort } from '@boxoffice/testing'

/** A request to SQS and its response. */
export interface Exchange {
  /** Such as `SendMessageBatch`. */
  action: string
  answer: { Messages?: { ReceiptHandle: string }[] }
}

/**
 * A proxy in front of SQS that forwards everything until `isLast` matches: that response, and all later ones,
 * are withheld. So its client stops at a known point. `beforeAnswer` runs before a response is forwarded.
 */
export async function startHoldingProxy(
  endpoint: string,
  isLast: (exchanges: readonly Exchange[]) => boolean,
  beforeAnswer: (exchange: Exchange) => Promise<void> = async () => {},
) {
  const { hostname, port } = new URL(endpoint)
  const exchanges: Exchange[] = []
  const held = Promise.withResolvers<void>()
  let holding = false
  const server = http.createServer(async (request, response) => {
    if (holding) return
    const { method, url, headers } = request
    const passedOn = http.request({ hostname, port, method, path: url, headers, agent: false })
    passedOn.end(await buffer(request))
    const [answer] = (await once(passedOn, 'response')) as [http.IncomingMessage]
    const body = await buffer(answer)
    const exchange = {
      action: String(headers['x-amz-target']).replace('AmazonSQS.', ''),
      answer: JSON.parse(String(body) || '{}'),
    }
    exchanges.push(exchange)
    await beforeAnswer(exchange)
    holding = isLast(exchanges)
    if (holding) held.resolve()
    else response.writeHead(answer.statusCode ?? 502, answer.headers).end(body)
  })
  const own = await claimPort()
  await once(server.listen(own, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${own}`,
    exchanges,
    /** Resolves when it has stopped forwarding. */
    held: held.promise,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
