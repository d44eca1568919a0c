import { type Routes, services } from '@boxoffice/contracts'
import pRetry from 'p-retry'
import { Agent, request } from 'undici'
import type { ServiceIdentity } from '../identity/service-identity.ts'
import { currentCorrelationId } from '../operations/context.ts'
import type { Watchers } from '../resilience/breaker.ts'
import { createGuard, type Guard } from '../resilience/guard.ts'
import type { Callee, Policy } from '../resilience/policies.ts'
import { ServiceUnavailable } from '../resilience/unavailable.ts'
import { describeCall, traceHeaders } from '../tracing/spans.ts'
import { type Client, createClient, type Send } from './client.ts'

const CONNECT_TIMEOUT_MS = 5_000
const RESPONSE_TIMEOUT_MS = 10_000

export interface InternalClientOptions extends Watchers {
  callee: Callee & keyof typeof services
  baseUrl: string
  identity: ServiceIdentity
  policy: Policy
  /** The name of its guard, for a callee with several; the callee by default. */
  guardedAs?: Callee
  /** Overrides the response time-out of the policy. */
  responseTimeoutMs?: number
  send?: Send
}

/**
 * Creates a typed client of another service's internal routes, with its own guard: service token, correlation
 * id, time-outs (connect 5 s, answer 10 s), breaker, bulkhead, retries with jitter. Every internal route is
 * idempotent, so a call that may have been sent is sent again. Rejects with ServiceUnavailable if the callee
 * is unavailable; its refusals are answers. Logs failed attempts, and a success after one.
 */
export function createInternalClient<T extends Routes>(
  routes: T,
  options: InternalClientOptions,
): Client<T> & { close(): Promise<void> } {
  const { callee, policy } = options
  const timeoutMs = options.responseTimeoutMs ?? policy.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS
  const guard = createGuard(options.guardedAs ?? callee, policy, options, { timeoutMs })
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, keepAliveTimeout: 30_000 })
  const transport = options.send ? fetchTransport(options.send) : undiciTransport(agent)
  const client = createClient(routes, {
    baseUrl: options.baseUrl,
    headers: async () => ({
      ...(await options.identity.headersFor(services[callee].name)),
      'x-correlation-id': currentCorrelationId(),
    }),
    send: retrying(guarded(transport, guard, { callee, timeoutMs }), options),
  })
  return Object.assign(client, {
    async close() {
      guard.close()
      await agent.close()
    },
  })
}

/** Makes one attempt, under the guard and the time-out. */
function guarded(
  transport: Transport,
  guard: Guard,
  { callee, timeoutMs }: { callee: Callee; timeoutMs: number },
): Send {
  return (url, init) =>
    guard(init.operationId, async () => {
      const late = AbortSignal.timeout(timeoutMs)
      const signal = init.signal ? AbortSignal.any([late, init.signal]) : late
      try {
        // The body is read within the time-out and the breaker: one that never ends is a failure too.
        const { status, contentType, bytes } = await transport(url, {
          ...init,
          signal,
          headers: { ...(init.headers as object), ...traceHeaders() },
        })
        describeCall(init.method, status)
        if (status >= 500 || status === 429)
          throw new ServiceUnavailable(callee, 'ANSWER', status !== 503, new TextDecoder().decode(bytes))
        const body = bytes.byteLength > 0 ? bytes : null
        return new Response(body, { status, headers: { 'content-type': contentType } })
      } catch (error) {
        if (error instanceof ServiceUnavailable) throw error
        const reason = late.aborted ? 'TIMEOUT' : signal.aborted ? 'ABORTED' : 'CONNECTION'
        throw new ServiceUnavailable(callee, reason, !isRefusedConnection(error), error)
      }
    })
}

/** Repeats failed attempts as the policy says, and logs them. */
function retrying(
  attemptOnce: Send,
  { callee, policy, logger }: Pick<InternalClientOptions, 'callee' | 'policy' | 'logger'>,
): Send {
  const attempts = policy.retry?.attempts ?? 1
  return (url, init) => {
    const about = { callee, operation: init.operationId }
    const nth = (attempt: number) => `(attempt ${attempt} of ${attempts})`
    return pRetry(
      async (attempt) => {
        const answer = await attemptOnce(url, init)
        if (attempt > 1) logger.info({ ...about, attempt, attempts }, `call answered ${nth(attempt)}`)
        return answer
      },
      {
        retries: attempts - 1,
        minTimeout: policy.retry?.firstWaitMs ?? 0,
        factor: 2,
        randomize: true,
        shouldRetry: ({ error }) => isRetryable(error),
        onFailedAttempt({ error, attemptNumber: attempt, retriesLeft, retryDelay }) {
          // An open breaker has logged itself, and a caller that gave up needs no log line.
          if (!isRetryable(error)) return
          const failure = { ...about, reason: error.reason, attempt, attempts, err: error.cause }
          if (retriesLeft > 0)
            logger.warn({ ...failure, waitMs: retryDelay }, `call failed, will be retried ${nth(attempt)}`)
          else logger.warn(failure, `call failed ${nth(attempt)}`)
        },
      },
    )
  }
}

const isRetryable = (error: unknown): error is ServiceUnavailable =>
  error instanceof ServiceUnavailable && error.reason !== 'BREAKER_OPEN' && error.reason !== 'ABORTED'

const isRefusedConnection = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'].includes((error as { code?: string }).code ?? '')

/** A response with its body, read to the end. */
interface Answer {
  readonly status: number
  readonly contentType: string
  readonly bytes: ArrayBuffer
}
type Transport = (...call: Parameters<Send>) => Promise<Answer>

/** Uses undici's `request`: the streams of fetch cost more than the rest of a call. */
function undiciTransport(agent: Agent): Transport {
  return async (url, { operationId: _, ...init }) => {
    const {
      statusCode: status,
      headers,
      body,
    } = await request(url, { ...(init as object), dispatcher: agent })
    return { status, contentType: String(headers['content-type'] ?? ''), bytes: await body.arrayBuffer() }
  }
}

const fetchTransport =
  (send: Send): Transport =>
  async (...call) => {
    const response = await send(...call)
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      bytes: await response.arrayBuffer(),
    }
  }
