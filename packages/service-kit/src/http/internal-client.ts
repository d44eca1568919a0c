import { type Routes, services } from '@boxoffice/contracts'
import pRetry from 'p-retry'
import { Agent, request } from 'undici'
import type { ServiceIdentity } from '../identity/service-identity.ts'
import { currentCorrelationId } from '../operations/context.ts'
import type { Watchers } from '../resilience/breaker.ts'
import { createGuard } from '../resilience/guard.ts'
import type { Callee, Policy } from '../resilience/policies.ts'
import { ServiceUnavailable } from '../resilience/unavailable.ts'
import { describeCall, traceHeaders } from '../tracing/spans.ts'
import { type Client, createClient, type Send } from './client.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** How long another service may take to answer where nothing else is said. */
const RESPONSE_TIMEOUT_MS = 10_000

export interface InternalClientOptions extends Watchers {
  callee: Callee & keyof typeof services
  baseUrl: string
  identity: ServiceIdentity
  policy: Policy
  /** What its guard is called, where a service has several; the callee where nothing is given. */
  guardedAs?: Callee
  /** Where the callee's answers are waited for no longer than that, whatever its policy says. */
  responseTimeoutMs?: number
  send?: Send
}

/**
 * A typed client of another service's internal routes, with a guard of its own: service token, correlation
 * id, time-outs (connect 5 s, answer 10 s), breaker, bulkhead, retries with jitter. Every internal route is
 * safe to repeat, so what may have been sent is sent again. Rejects with ServiceUnavailable when the callee
 * is unavailable; refusals of the callee are answers. Failed attempts are logged, and that a later one
 * succeeded.
 */
export function createInternalClient<T extends Routes>(
  routes: T,
  options: InternalClientOptions,
): Client<T> & { close(): Promise<void> } {
  const { callee, policy, logger } = options
  const timeoutMs = options.responseTimeoutMs ?? policy.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS
  const guard = createGuard(options.guardedAs ?? callee, policy, options, { timeoutMs })
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, keepAliveTimeout: 30_000 })
  const transport = options.send ? readingAll(options.send) : sendingWith(agent)

  const attempt: Send = (url, init) =>
    guard(init.operationId, async () => {
      const late = AbortSignal.timeout(timeoutMs)
      const signal = init.signal ? AbortSignal.any([late, init.signal]) : late
      try {
        // All of it inside the time-out and the breaker's sight: a body that never ends is a failure too.
        const answer = await transport(url, {
          ...init,
          signal,
          headers: { ...(init.headers as object), ...traceHeaders() },
        })
        const { status, contentType, bytes } = answer
        describeCall(init.method, status)
        if (status >= 500 || status === 429) {
          throw new ServiceUnavailable(callee, 'ANSWER', status !== 503, new TextDecoder().decode(bytes))
        }
        return new Response(bytes.byteLength > 0 ? bytes : null, {
          status,
          headers: { 'content-type': contentType },
        })
      } catch (error) {
        if (error instanceof ServiceUnavailable) throw error
        const reason = late.aborted ? 'TIMEOUT' : signal.aborted ? 'ABORTED' : 'CONNECTION'
        throw new ServiceUnavailable(callee, reason, !isRefusedConnection(error), error)
      }
    })

  const attempts = policy.retry?.attempts ?? 1
  const send: Send = (url, init) =>
    pRetry(
      async (attemptNumber) => {
        const answer = await attempt(url, init)
        if (attemptNumber > 1) {
          const about = { callee, operation: init.operationId, attempt: attemptNumber, attempts }
          logger.info(about, `call answered (attempt ${attemptNumber} of ${attempts})`)
        }
        return answer
      },
      {
        retries: attempts - 1,
        minTimeout: policy.retry?.firstWaitMs ?? 0,
        factor: 2,
        randomize: true,
        shouldRetry: ({ error }) => isWorthAnother(error),
        onFailedAttempt({ error, attemptNumber, retriesLeft, retryDelay }) {
          // The breaker has told of itself when it opened, and who gave up knows that.
          if (!isWorthAnother(error)) return
          const { reason, cause } = error
          const about = {
            callee,
            operation: init.operationId,
            reason,
            attempt: attemptNumber,
            attempts,
            err: cause,
          }
          if (retriesLeft > 0) {
            const nth = `(attempt ${attemptNumber} of ${attempts})`
            logger.warn({ ...about, waitMs: retryDelay }, `call failed, will be retried ${nth}`)
          } else logger.warn(about, `call failed (attempt ${attemptNumber} of ${attempts})`)
        },
      },
    )

  const client = createClient(routes, {
    baseUrl: options.baseUrl,
    headers: async () => ({
      ...(await options.identity.headersFor(services[callee].name)),
      'x-correlation-id': currentCorrelationId(),
    }),
    send,
  })
  return Object.assign(client, {
    async close() {
      guard.close()
      await agent.close()
    },
  })
}

const isWorthAnother = (error: unknown): error is ServiceUnavailable =>
  error instanceof ServiceUnavailable && error.reason !== 'BREAKER_OPEN' && error.reason !== 'ABORTED'

const isRefusedConnection = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'].includes((error as { code?: string }).code ?? '')

/** An answer as it came, with its body. */
interface Answer {
  readonly status: number
  readonly contentType: string
  readonly bytes: ArrayBuffer
}
type Transport = (...call: Parameters<Send>) => Promise<Answer>

/** Without fetch, whose streams cost more than all else of a call. */
function sendingWith(agent: Agent): Transport {
  return async (url, { operationId: _, ...init }) => {
    const {
      statusCode: status,
      headers,
      body,
    } = await request(url, { ...(init as object), dispatcher: agent })
    return { status, contentType: String(headers['content-type'] ?? ''), bytes: await body.arrayBuffer() }
  }
}

const readingAll =
  (send: Send): Transport =>
  async (...call) => {
    const response = await send(...call)
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      bytes: await response.arrayBuffer(),
    }
  }
