import { Readable } from 'node:stream'
import { type Form, formOf, impliedRefusals, type Refusal, type Route } from '@boxoffice/contracts'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { bodyOf, type EncodedJson, etagOf, isEncoded } from './encoded-json.ts'
import { eventsOf } from './event-stream.ts'
import type { HandlerRefusal } from './refusal.ts'

const JSON_TYPE = 'application/json'

/** A response as it goes over the wire. */
export interface WireAnswer {
  status: number
  contentType: string | null
  body: string | Uint8Array | Readable | null
  headers?: Record<string, string>
  /** The value whose encoded bytes the body is, if it was encoded before. */
  json?: EncodedJson<unknown>
}

const chunks = Symbol('chunks of a file')
/** A file in chunks, for one that may be larger than memory allows. */
export interface StreamedFile {
  readonly [chunks]: AsyncIterable<Uint8Array>
}
/**
 * A file that is produced while it is sent, at the pace of its reader. An error on the way aborts the
 * connection.
 */
export const streamedFile = (parts: AsyncIterable<Uint8Array>): StreamedFile => ({ [chunks]: parts })
const isStreamed = (body: unknown): body is StreamedFile =>
  typeof body === 'object' && body !== null && chunks in body

interface Answer {
  status: number
  body: unknown
  headers?: Record<string, string>
}
export type Encoder = (answer: Answer, requestId: string) => WireAnswer

/**
 * Encodes a route's answers by its schemas; a refusal gets the request's id. Throws if the contract has no
 * such answer, also for a refusal that the route neither lists nor implies.
 */
export function createEncoder(route: Route): Encoder {
  const refusals = new Set(
    [...(route.refusals ?? []), ...impliedRefusals(route)].map(({ status, code }) => `${status} ${code}`),
  )
  const bodies = new Map(
    Object.entries(route.responses).map(([status, schema]) => [Number(status), createBodyEncoder(schema)]),
  )
  return (answer, requestId) => {
    if (answer.status >= 400) {
      const refusal = answer as HandlerRefusal
      const name = `${refusal.status} ${refusal.body.error}`
      if (!refusals.has(name))
        throw new Error(`${route.method} ${route.path}: the route does not list the refusal ${name}`)
      return encodeRefusal(refusal, requestId)
    }
    const encodeBody = bodies.get(answer.status)
    if (!encodeBody)
      throw new Error(`${route.method} ${route.path}: the contract has no answer ${answer.status}`)
    const { status, headers, body } = answer
    if (isEncoded(body)) return wireOf(body, status, headers)
    return { status, headers, ...encodeBody(body) }
  }
}

export function wireOf(
  json: EncodedJson<unknown>,
  status = 200,
  headers?: Record<string, string>,
): WireAnswer {
  const etag = etagOf(json)
  return {
    status,
    headers: etag ? { etag, ...headers } : headers,
    contentType: JSON_TYPE,
    body: bodyOf(json),
    json,
  }
}

type Body = Pick<WireAnswer, 'contentType' | 'body'>

function createBodyEncoder(schema: z.ZodType): (body: unknown) => Body {
  if (schema instanceof z.ZodVoid) return () => ({ contentType: null, body: null })
  const form = formOf(schema)
  const json = form?.kind === 'file-or-json' ? form.json : schema
  const encodeJson = (body: unknown): Body => ({
    contentType: JSON_TYPE,
    body: JSON.stringify(z.encode(json, body)),
  })
  if (!form) return encodeJson
  const { contentType } = form
  return (body) => {
    if (isStreamed(body)) return { contentType, body: Readable.from(body[chunks], { objectMode: false }) }
    if (form.kind === 'file-or-json' && !(body instanceof Uint8Array)) return encodeJson(body)
    return { contentType, body: rawBodyOf(form, body) }
  }
}

const rawBodyOf = (form: Form, body: unknown): Uint8Array | Readable =>
  form.kind === 'event-stream' ? eventsOf(form.item, body as AsyncIterable<unknown>) : (body as Uint8Array)

// Skips the route's schema: a refusal of the platform (401, 429, 503) needs none, and its fields are data
// already.
const encodeRefusal = ({ status, body, headers }: HandlerRefusal, requestId: string): WireAnswer => ({
  status,
  headers,
  contentType: JSON_TYPE,
  body: JSON.stringify({ ...body, requestId } satisfies Refusal),
})

export function sendAnswer(reply: FastifyReply, answer: WireAnswer): FastifyReply {
  reply.code(answer.status)
  if (answer.headers) reply.headers(answer.headers)
  if (answer.contentType)
    reply.type(answer.contentType === JSON_TYPE ? 'application/json; charset=utf-8' : answer.contentType)
  // Closes its connection at the end: kept alive, it would hold up a stopping server.
  if (answer.contentType === 'text/event-stream')
    reply.headers({ 'cache-control': 'no-store', connection: 'close' })
  if (answer.body === null) return reply.send()
  const { body } = answer
  return reply.send(
    body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body,
  )
}

export const sendRefusal = (reply: FastifyReply, refusal: HandlerRefusal): FastifyReply =>
  sendAnswer(reply, encodeRefusal(refusal, reply.request.id))
