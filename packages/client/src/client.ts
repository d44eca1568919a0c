import { type RawAnswer, readAnswer } from './answer.ts'
import { type OperationEntry, operations } from './operations.ts'
import { defaultRetry, isUnavailable, type RetryPolicy, wait, waitMsAfter } from './retry.ts'
import type { BoxofficeClient, CallOptions } from './types.ts'

export interface ClientOptions {
  /** Base URL of the API, such as `https://tickets.example.com`; empty for the page's own origin. */
  readonly baseUrl: string
  /** The access token, or a function that returns the current one; without it, calls are anonymous. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>)
  /** Headers for every call. */
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  readonly retry?: Partial<RetryPolicy>
  /**
   * Time limit of an attempt in milliseconds: until its response is complete, or until a stream begins; 30 s
   * by default.
   */
  readonly timeoutMs?: number
}

/**
 * Thrown if Boxoffice did not respond: no connection, no response in time, or a gateway's own error page.
 */
export class NoAnswerError extends Error {
  /** Status of a gateway's response. */
  readonly status: number | undefined
  constructor(operation: string, options: { status?: number; cause?: unknown }) {
    super(`${operation}: ${options.status ? `a gateway answered ${options.status}` : 'no answer'}`, {
      cause: options.cause,
    })
    this.name = 'NoAnswerError'
    this.status = options.status
  }
}

type Call = CallOptions & { params?: Record<string, string>; query?: Record<string, unknown>; body?: unknown }
const TIMEOUT_MS = 30_000

/**
 * Creates a client of every public operation but those of operators: `client.payments.createOrder({ body })`
 * returns `{ status, body }`, also for refusals. Operations that are safe to repeat are retried with the same
 * idempotency key after a network error, a 502, 503 or 504. Rejects with NoAnswerError if no attempt gets a
 * response, and with the signal's reason if it is aborted.
 */
export function createBoxofficeClient(options: ClientOptions): BoxofficeClient {
  const services = Object.entries(operations).map(([service, entries]) => [
    service,
    Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [
        name,
        (call: Call = {}) => send(`${service}.${name}`, entry, call, options),
      ]),
    ),
  ])
  return Object.fromEntries(services) as BoxofficeClient
}

async function send(
  name: string,
  entry: OperationEntry,
  call: Call,
  options: ClientOptions,
): Promise<RawAnswer> {
  const [method, path, sendsKey] = entry
  const key = sendsKey ? (call.idempotencyKey ?? crypto.randomUUID()) : undefined
  const policy = { ...defaultRetry, ...options.retry }
  const isRepeatable = key !== undefined || ['GET', 'PUT', 'DELETE'].includes(method)
  const attempts = isRepeatable ? policy.attempts : 1
  for (let attempt = 1; ; attempt++) {
    const headers = await headersOf(call, options, key)
    const outcome = await attemptOnce(name, options.baseUrl + urlOf(path, call), {
      method,
      headers,
      call,
      options,
    })
    const isLast = attempt >= attempts
    if ('failure' in outcome) {
      if (isLast) throw outcome.failure
    } else if (isLast || !isWorthAnother(outcome.answer)) return outcome.answer
    await wait(waitMsAfter(attempt, policy, outcome.retryAfter), call.signal)
  }
}

/**
 * The first attempt with a key may still be in progress when the second arrives; the client then waits for
 * its response.
 */
const isWorthAnother = ({ status, body }: RawAnswer): boolean =>
  isUnavailable(status) ||
  (status === 409 && (body as { error?: string } | undefined)?.error === 'IDEMPOTENCY_IN_PROGRESS')

type Outcome = { retryAfter: string | null } & ({ answer: RawAnswer } | { failure: NoAnswerError })

async function attemptOnce(
  name: string,
  url: string,
  {
    method,
    headers,
    call,
    options,
  }: { method: string; headers: Record<string, string>; call: Call; options: ClientOptions },
): Promise<Outcome> {
  const fetch = options.fetch ?? globalThis.fetch
  const attempt = new AbortController()
  const giveUp = () => attempt.abort(call.signal?.reason)
  call.signal?.throwIfAborted()
  call.signal?.addEventListener('abort', giveUp, { once: true })
  const late = setTimeout(
    () => attempt.abort(new DOMException('no answer in time', 'TimeoutError')),
    options.timeoutMs ?? TIMEOUT_MS,
  )
  let streams = false
  try {
    const body = call.body === undefined ? null : JSON.stringify(call.body)
    const response = await fetch(url, { method, headers, body, signal: attempt.signal })
    const retryAfter = response.headers.get('retry-after')
    const answer = await readAnswer(response)
    streams = typeof answer.body === 'object' && answer.body !== null && Symbol.asyncIterator in answer.body
    // Every refusal of Boxoffice is JSON with a code.
    const isOurs =
      answer.status < 400 || (answer.body as { error?: unknown } | undefined)?.error !== undefined
    if (isOurs) return { answer, retryAfter }
    return { failure: new NoAnswerError(name, { status: answer.status }), retryAfter }
  } catch (cause) {
    call.signal?.throwIfAborted()
    return { failure: new NoAnswerError(name, { cause }), retryAfter: null }
  } finally {
    clearTimeout(late)
    // A stream has no time limit and ends with the signal.
    if (!streams) call.signal?.removeEventListener('abort', giveUp)
  }
}

async function headersOf(
  call: Call,
  { token, headers }: ClientOptions,
  key?: string,
): Promise<Record<string, string>> {
  const bearer = typeof token === 'function' ? await token() : token
  return {
    ...headers,
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...(key && { 'idempotency-key': key }),
    ...(call.body !== undefined && { 'content-type': 'application/json' }),
    ...call.headers,
  }
}

function urlOf(path: string, { params = {}, query = {} }: Call): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const asked = Object.entries(query).filter(([, value]) => value !== undefined)
  const search = new URLSearchParams(asked.map(([name, value]) => [name, String(value)]))
  return asked.length > 0 ? `${filled}?${search}` : filled
}
