import { contentTypeOf, type Refusal, type Route } from '@boxoffice/contracts'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { HandlerRefusal } from './refusal.ts'

/** An answer as it goes over the wire. */
export interface WireAnswer {
  status: number
  contentType: string | null
  body: string | Uint8Array | null
  headers?: Record<string, string>
}

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
  if (schema instanceof z.ZodVoid) return { status, headers, contentType: null, body: null }
  const contentType = contentTypeOf(schema)
  if (contentType) return { status, headers, contentType, body: answer.body as Uint8Array }
  return { status, headers, contentType: 'application/json', body: JSON.stringify(z.encode(schema, answer.body)) }
}

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
  return answer.body === null
    ? reply.send()
    : reply.send(typeof answer.body === 'string' ? answer.body : Buffer.from(answer.body))
}

export const sendRefusal = (reply: FastifyReply, refusal: HandlerRefusal): FastifyReply =>
  sendAnswer(reply, encodeRefusal(refusal, reply.request.id))
