import type { Refusal, RefusalDefinition, RefusalFields, RefusalStatus } from '@boxoffice/contracts'

/** Any refusal as it is sent; the request id is added then. */
export interface HandlerRefusal {
  status: RefusalStatus
  body: Omit<Refusal, 'requestId'>
  headers?: Record<string, string>
}

/** The answer of a contract's refusal, accepted by routes that list it. */
export type RefusalAnswer<R extends RefusalDefinition> = R extends RefusalDefinition
  ? {
      status: R['status']
      body: Omit<Refusal, 'requestId' | 'error'> & { error: R['code'] } & RefusalFields<R>
      headers?: Record<string, string>
    }
  : never

/** The body: the refusal's fields, and a message if the definition's is too general. */
type Given<R extends RefusalDefinition> = R extends RefusalDefinition
  ? RefusalFields<R> & { message?: string }
  : never
type Rest<R extends RefusalDefinition> =
  Record<never, never> extends Given<R> ? [given?: Given<R>] : [given: Given<R>]

/** Returns the answer of a refusal with its fields: `refuse(SEATS_TAKEN, { seatIds })`. */
export function refuse<R extends RefusalDefinition>(refusal: R, ...[given]: Rest<R>): RefusalAnswer<R> {
  const { code, status, message } = refusal
  const headers = status === 503 || status === 429 ? { 'retry-after': '1' } : undefined
  const answer: HandlerRefusal = {
    status,
    body: { error: code, message, ...given },
    ...(headers && { headers }),
  }
  return answer as RefusalAnswer<R>
}

/**
 * Returns a 404 that names the missing thing: for TICKET_TYPE_NOT_FOUND "Ticket type with ID … not found".
 */
export function refuseUnknown<
  R extends RefusalDefinition<`${string}_NOT_FOUND`, 404, Readonly<Record<never, never>>>,
>(refusal: R, id: string): RefusalAnswer<R> {
  const words = refusal.code
    .replace(/_NOT_FOUND$/, '')
    .toLowerCase()
    .replaceAll('_', ' ')
  const message = `${words[0]?.toUpperCase()}${words.slice(1)} with ID ${id} not found`
  const answer: HandlerRefusal = { status: 404, body: { error: refusal.code, message } }
  return answer as RefusalAnswer<R>
}

/** A refusal thrown where no answer can be returned, such as inside a transaction that it must roll back. */
export class RefusedError extends Error {
  readonly refusal: HandlerRefusal
  constructor(refusal: HandlerRefusal) {
    super(refusal.body.message)
    this.refusal = refusal
  }
}
