import { Readable } from 'node:stream'
import { type Form, formOf, type Refusal, type Route } from '@boxoffice/contracts'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { bodyOf, isEncoded } from './encoded-json.ts'
import { eventsOf } from './event-stream.ts'
import type { HandlerRefusal } from './refusal.ts'

/** An answer as it goes over the wire. */
export interface WireAnswer {
  status: number
  contentType: string | null
  body: string | Uint8Array | Readable | null
  headers?: Record<string, string>
}

const chunks = Symbol('chunks of a file')
/** A file in parts, for one that may be larger than memory should be. */
export interface StreamedFile {
  readonly [chunks]: AsyncIterable<Uint8Array>
}
/** A file that is made while it is sent, as fast as its reader takes it. What fails on the way breaks the connection off. */
export const streamedFile = (parts: AsyncIterable<Uint8Array>): StreamedFile => ({ [chunks]: parts })
const isStreamed = (body: unknown): body is StreamedFile => typeof body === 'object' && body !== null && chunks in body

/** The wire form of a handler's answer: encoded by the route's schema; a refusal gets the request's id. */
export function encodeAnswer(
  route: Route,
  answer: { status: number; body: unknown; headers?: Record<string, string> },
  requestId: string,
): WireAnswer {
  if (answer.status >= 400) return encodeRefusal(answer as HandlerRefusal, requestId)
  const schema = route.responses[answer.status]
  if (!schema) throw new Error(`${route.method} ${route.path}: the contract has no answer ${answer.status}`)
  const { status, headers } = answer
  if (isEncoded(answer.body)) return { status, headers, contentType: 'application/json', body: bodyOf(answer.body) }
  if (schema instanceof z.ZodVoid) return { status, headers, contentType: null, body: null }
  const form = formOf(schema)
  if (form && isStreamed(answer.body)) {
    return { status, headers, contentType: form.contentType, body: Readable.from(answer.body[chunks], { objectMode: false }) }
  }
  if (form && !(form.kind === 'file-or-json' && !(answer.body instanceof Uint8Array))) {
    return { status, headers, contentType: form.contentType, body: rawBodyOf(form, answer.body) }
  }
  const json = form?.kind === 'file-or-json' ? form.json : schema
  return { status, headers, contentType: 'application/json', body: JSON.stringify(z.encode(json, answer.body)) }
}

const rawBodyOf = (form: Form, body: unknown): Uint8Array | Readable =>
  form.kind === 'event-stream' ? eventsOf(form.item, body as AsyncIterable<unknown>) : (body as Uint8Array)

// Not held to the route's schema: a refusal of the platform (401, 429, 503) needs none, and the fields are data already.
const encodeRefusal = ({ status, body, headers }: HandlerRefusal, requestId: string): WireAnswer => ({
  status,
  headers,
  contentType: 'application/json',
  body: JSON.stringify({ ...body, requestId } satisfies Refusal),
})

export function sendAnswer(reply: FastifyReply, answer: WireAnswer): FastifyReply {
  reply.code(answer.status)
  if (answer.headers) reply.headers(answer.headers)
  if (answer.contentType)
    reply.type(answer.contentType === 'application/json' ? 'application/json; charset=utf-8' : answer.contentType)
  // Its connection ends with it: kept alive, it would hold up a server that stops.
  if (answer.contentType === 'text/event-stream') reply.headers({ 'cache-control': 'no-store', connection: 'close' })
  if (answer.body === null) return reply.send()
  const { body } = answer
  return reply.send(body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body)
}

export const sendRefusal = (reply: FastifyReply, refusal: HandlerRefusal): FastifyReply =>
  sendAnswer(reply, encodeRefusal(refusal, reply.request.id))
