import type { Refusal } from '@boxoffice/contracts'

/** A refusal as a handler gives it; the request id is added when it is sent. */
export interface HandlerRefusal<S extends number = number, Extra = unknown> {
  status: S
  body: Omit<Refusal, 'requestId'> & Extra
  headers?: Record<string, string>
}

/** A refusal: status, code for programs, sentence for people, and the fields that the route adds. */
export function refuse<const S extends number, Extra extends object = object>(
  status: S,
  error: string,
  message: string,
  extra?: Extra,
): HandlerRefusal<S, Extra> {
  const headers = status === 503 || status === 429 ? { 'retry-after': '1' } : undefined
  return { status, body: { error, message, ...(extra as Extra) }, ...(headers && { headers }) }
}

/**
 * A 404 that names what was asked for: `refuseUnknown('TICKET_TYPE', id)` is TICKET_TYPE_NOT_FOUND, "Ticket
 * type with ID … not found".
 */
export function refuseUnknown(what: string, id: string): HandlerRefusal<404> {
  const words = what.toLowerCase().replaceAll('_', ' ')
  return refuse(
    404,
    `${what}_NOT_FOUND`,
    `${words[0]?.toUpperCase()}${words.slice(1)} with ID ${id} not found`,
  )
}

/** A refusal from where no answer can be returned, such as inside a transaction that it must roll back. */
export class RefusedError extends Error {
  readonly refusal: HandlerRefusal
  constructor(refusal: HandlerRefusal) {
    super(refusal.body.message)
    this.refusal = refusal
  }
}
