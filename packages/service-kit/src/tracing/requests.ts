import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
} from '@opentelemetry/semantic-conventions'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { asPartOf, linksTo, markFailed, outside, type Span, SpanKind, startSpan, traceOf } from './spans.ts'
import { findTracer } from './tracing.ts'

/**
 * Adds a span for every request: a service's in the trace that it names, any other in a new trace, linked to
 * the one it names. It is active from the first hook to the response, and ends with that; of an event stream
 * it ends where the stream begins. Paths and queries are omitted: they may contain anything.
 */
export function traceRequests(app: FastifyInstance): void {
  const open = new WeakMap<FastifyRequest, Span>()

  app.addHook('onRequest', (request, reply, done) => {
    const { url: route, config } = request.routeOptions
    if (!findTracer() || route?.startsWith('/actuator')) return done()
    const operation = config.operationId
    const caller = traceOf(headerOf(request, 'traceparent'))
    const isOurs = route?.includes('/internal/')
    const span = startSpan(
      route ? `${request.method} ${route}` : request.method,
      SpanKind.SERVER,
      {
        [ATTR_HTTP_REQUEST_METHOD]: request.method,
        ...(route && { [ATTR_HTTP_ROUTE]: route }),
        ...(operation && { 'boxoffice.operation': operation }),
        'boxoffice.correlation_id': request.id,
      },
      isOurs ? caller : outside,
      isOurs ? [] : linksTo(caller),
    )
    if (!span) return done()
    open.set(request, span)
    // A client that leaves gets no response, whatever its status would have been; its request is over.
    reply.raw.once('close', () =>
      reply.raw.writableFinished ? end(request, reply.statusCode) : leave(request),
    )
    asPartOf(span, done)
  })

  function close(request: FastifyRequest): Span | undefined {
    const span = open.get(request)
    open.delete(request)
    return span
  }

  function leave(request: FastifyRequest): void {
    const span = close(request)
    if (!span) return
    markFailed(span, { code: 'aborted' })
    span.end()
  }

  function end(request: FastifyRequest, status: number, error?: unknown): void {
    const span = close(request)
    if (!span) return
    span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
    if (status >= 500) markFailed(span, error ?? { code: String(status) })
    span.end()
  }

  const errors = new WeakMap<FastifyRequest, Error>()
  app.addHook('onError', (request, _reply, error, done) => {
    if (open.has(request)) errors.set(request, error)
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream'))
      end(request, reply.statusCode)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    end(request, reply.statusCode, errors.get(request))
    done()
  })
}

const headerOf = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
