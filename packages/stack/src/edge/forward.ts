import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Agent, type Dispatcher } from 'undici'

/** Hop-by-hop headers (RFC 9110, 7.6.1); `expect` is answered by this server. */
const OF_THE_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]

/** Bodies up to this size are read before they are forwarded, in one write instead of a stream. */
const BUFFERED_BYTES_MAX = 65_536

const REPEATABLE = ['GET', 'HEAD']

/** The error of a kept-alive connection that the service closed as we used it. */
const LOST = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

export interface Forwarding {
  /** The longest time that a service may take to answer, in ms. */
  answerTimeoutMs: number
  /** Answers for a service that did not. */
  refuse(response: ServerResponse, added: Added): void
}

/** Headers added to every response, whatever the service sets. */
export type Added = Readonly<Record<string, string>>

/**
 * Forwards requests and responses unchanged, except for hop-by-hop headers. Without a framework: its cost per
 * request is part of every measurement behind the edge.
 */
export function createForwarder({ answerTimeoutMs, refuse }: Forwarding) {
  // Server-sent events may be silent for long.
  const agent = new Agent({ connectTimeout: 5_000, headersTimeout: answerTimeoutMs, bodyTimeout: 0 })

  function send(
    { request, response, origin, added }: Exchange,
    body: Dispatcher.DispatchOptions['body'],
  ): void {
    const { method = 'GET', url: path = '/', headers } = request
    const options = { origin, path, method: method as Dispatcher.HttpMethod, headers, body: body ?? null }
    const mayRepeat = REPEATABLE.includes(method) && !body
    const answering = (isLast: boolean) =>
      answerTo(response, added, (error) => {
        if (!isLast && LOST.includes((error as NodeJS.ErrnoException).code ?? ''))
          agent.dispatch(options, answering(true))
        else refuse(response, added)
      })
    agent.dispatch(options, answering(!mayRepeat))
  }

  return {
    forward(origin: string, request: IncomingMessage, response: ServerResponse, added: Added): void {
      const exchange = { origin, request, response, added }
      const length = Number(request.headers['content-length'] ?? 0)
      const isStream = request.headers['transfer-encoding'] !== undefined || length > BUFFERED_BYTES_MAX
      dropHop(request.headers)
      if (isStream) send(exchange, request)
      else if (length === 0) send(exchange, null)
      else readBody(request, (body) => send(exchange, body))
    },
    close: () => agent.destroy(),
  }
}

interface Exchange {
  readonly origin: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly added: Added
}

function dropHop(headers: IncomingHttpHeaders): void {
  if (headers.connection)
    for (const name of headers.connection.split(',')) delete headers[name.trim().toLowerCase()]
  for (const name of OF_THE_HOP) if (headers[name] !== undefined) delete headers[name]
}

/** `onRead` is not called if the client leaves before its body has arrived. */
function readBody(request: IncomingMessage, onRead: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => onRead(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
}

/** Streams the response at the pace of the client; aborts it if the client leaves. */
function answerTo(
  response: ServerResponse,
  added: Added,
  onUnanswered: (error: Error) => void,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      const abort = () => {
        if (!response.writableFinished) controller.abort(new Error('the client is gone'))
      }
      if (response.destroyed) abort()
      else response.once('close', abort)
    },
    onResponseStart(_controller, status, headers) {
      dropHop(headers as IncomingHttpHeaders)
      response.writeHead(status, Object.assign(headers, added) as IncomingHttpHeaders)
      // A client that waits for events needs the headers at once; otherwise they go with the body.
      if (headers['content-length'] === undefined) response.flushHeaders()
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd: () => void response.end(),
    onResponseError(_controller, error) {
      if (response.headersSent) response.destroy()
      else if (!response.destroyed) onUnanswered(error)
    },
  }
}
