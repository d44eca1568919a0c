import { type Routes, type ServiceKey, services } from '@boxoffice/contracts'
import pRetry from 'p-retry'
import { Agent, fetch as undiciFetch } from 'undici'
import { type Client, createClient, type Send } from './client.ts'
import { currentCorrelationId } from './context.ts'
import { type Guard, type Policy, ServiceUnavailable } from './resilience.ts'
import type { ServiceIdentity } from './service-identity.ts'
import { describeCall, traceHeaders } from './tracing/spans.ts'

const CONNECT_TIMEOUT_MS = 5_000
const RESPONSE_TIMEOUT_MS = 10_000

/**
 * A typed client of another service's internal routes: service token, correlation id, time-outs (connect 5 s, answer 10 s),
 * breaker, bulkhead, retries with jitter. Every internal route is safe to repeat, so what may have been sent is sent again.
 * Rejects with ServiceUnavailable when the callee cannot be had; refusals of the callee are answers.
 */
export function createInternalClient<T extends Routes>(
  routes: T,
  options: {
    callee: ServiceKey
    baseUrl: string
    identity: ServiceIdentity
    guard: Guard
    policy: Policy
    send?: Send
    responseTimeoutMs?: number
  },
): Client<T> & { close(): Promise<void> } {
  const { callee, guard } = options
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, keepAliveTimeout: 30_000 })
  const transport: Send =
    options.send ?? ((url, { operationId: _, ...init }) => undiciFetch(url, { ...init, dispatcher: agent } as never) as never)

  const attempt: Send = (url, init) =>
    guard(init.operationId, async () => {
      const late = AbortSignal.timeout(options.responseTimeoutMs ?? options.policy.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS)
      const signal = init.signal ? AbortSignal.any([late, init.signal]) : late
      try {
        const response = await transport(url, { ...init, signal, headers: { ...(init.headers as object), ...traceHeaders() } })
        describeCall(init.method, response.status)
        if (response.status >= 500 || response.status === 429) {
          throw new ServiceUnavailable(callee, 'ANSWER', response.status !== 503, await response.text())
        }
        // Read here, inside the time-out and the breaker's sight: a body that never ends is a failure too.
        const bytes = await response.arrayBuffer()
        return new Response(bytes.byteLength > 0 ? bytes : null, { status: response.status, headers: response.headers })
      } catch (error) {
        if (error instanceof ServiceUnavailable) throw error
        throw new ServiceUnavailable(callee, signal.aborted ? 'TIMEOUT' : 'CONNECTION', !isRefusedConnection(error), error)
      }
    })

  const client = createClient(routes, {
    baseUrl: options.baseUrl,
    headers: async () => ({
      ...(await options.identity.headersFor(services[callee].name)),
      'x-correlation-id': currentCorrelationId(),
    }),
    send: (url, init) =>
      pRetry(() => attempt(url, init), {
        retries: (options.policy.retry?.attempts ?? 1) - 1,
        minTimeout: options.policy.retry?.firstWaitMs ?? 0,
        factor: 2,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof ServiceUnavailable && error.reason !== 'BREAKER_OPEN',
      }),
  })
  return Object.assign(client, { close: () => agent.close() })
}

const isRefusedConnection = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'].includes((error as { cause?: { code?: string } }).cause?.code ?? '')
