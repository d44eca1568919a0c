import type { IncomingMessage } from 'node:http'
import {
  INTERNAL,
  PAYLOAD_TOO_LARGE,
  type RefusalStatus,
  ROUTE_NOT_FOUND,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_MEDIA_TYPE,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import Fastify, { type FastifyError, type FastifyInstance, LogController } from 'fastify'
import { isTransient, isUnavailable } from '../database/errors.ts'
import { withCorrelationId } from '../operations/context.ts'
import type { Logger } from '../operations/logging.ts'
import type { Metrics } from '../operations/metrics.ts'
import { ServiceUnavailable } from '../resilience/unavailable.ts'
import { traceRequests } from '../tracing/requests.ts'
import { sendRefusal } from './answer.ts'
import { RefusedError, refuse } from './refusal.ts'
import { securityHeaders } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    rawBody?: string
  }
  interface FastifyContextConfig {
    operationId?: string
    bodyAsText?: boolean
  }
}

const BODY_LIMIT_BYTES = 1_048_576
/** How long a client may take to send a request, and how often that is checked. */
const REQUEST_TIMEOUT_MS = 30_000
const SLOW_REQUESTS_EVERY_MS = 5_000
const DRAIN_MS = 5_000
const KEEP_ALIVE_MS = 72_000 // longer than the load balancer's 60 s, so that it closes first

/**
 * Creates a server whose every response, also to malformed requests, has the contract's shape and the
 * request's id.
 */
export function createServer(options: {
  logger: Logger
  metrics: Metrics
  trustedProxies: string[]
}): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.logger as never,
    logController: new LogController({ disableRequestLogging: true }),
    // The mixin logs the request's id as correlation id; a logger per request would repeat it.
    childLoggerFactory: (logger) => logger,
    trustProxy: options.trustedProxies,
    genReqId: (request) => acceptedId(request.headers['x-correlation-id']) ?? crypto.randomUUID(),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: SLOW_REQUESTS_EVERY_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (_error, request, reply) => {
      void sendRefusal(
        reply.headers(securityHeaders) as never,
        refuse(VALIDATION_FAILED, { message: `the path ${request.url.slice(0, 200)} is malformed` }),
      )
    },
  }) as unknown as FastifyInstance
  traceRequests(app)
  endConnectionsOnClose(app)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-correlation-id', request.id).headers(securityHeaders)
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') {
      void sendRefusal(
        reply,
        refuse(UNSUPPORTED_MEDIA_TYPE, { message: 'send the body without a content-encoding' }),
      )
      return
    }
    withCorrelationId(request.id, done)
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    options.metrics.httpSeconds.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
    if (route.startsWith('/actuator')) return
    // The route, not the URL: a query may contain what must not be logged.
    request.log.info(
      { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'served',
    )
  })
  parseJson(app)
  answerErrors(app)
  return app
}

/**
 * A connection that is busy while the server closes ends with its response: left idle, it would be waited
 * for.
 */
function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}

function parseJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.rawBody = body.toString()
    // many clients send a content type without a body
    if (request.rawBody === '') return done(null, undefined)
    if (request.routeOptions.config.bodyAsText) return done(null, undefined)
    return parse(request, request.rawBody, done)
  })
}

function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(
      reply,
      refuse(ROUTE_NOT_FOUND, {
        message: `nothing at ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`,
      }),
    ),
  )
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    if (error instanceof RefusedError) return sendRefusal(reply, error.refusal)
    if (error instanceof ServiceUnavailable || isUnavailable(error) || isTransient(error)) {
      request.log.warn({ err: error }, 'unavailable')
      return sendRefusal(reply, refuse(SERVICE_UNAVAILABLE))
    }
    const status = error.statusCode ?? 500
    if (status === 413) await drain(request.raw)
    if (status === 413)
      return sendRefusal(
        reply,
        refuse(PAYLOAD_TOO_LARGE, {
          message: `the body is over ${request.routeOptions.bodyLimit ?? BODY_LIMIT_BYTES} bytes`,
        }),
      )
    if (status === 415) return sendRefusal(reply, refuse(UNSUPPORTED_MEDIA_TYPE))
    if (status < 500)
      return sendRefusal(reply, {
        ...refuse(VALIDATION_FAILED, { message: error.message }),
        status: status as RefusalStatus,
      })
    request.log.error({ err: error }, 'failed')
    return sendRefusal(reply, refuse(INTERNAL))
  })
}

/**
 * Reads an oversized body to its end before refusing it: a client or proxy that gets a response while it
 * still sends may see a broken connection instead. A body that takes too long is cut off.
 */
function drain(request: IncomingMessage): Promise<void> {
  if (request.complete) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS)
    for (const end of ['end', 'close', 'error']) {
      request.once(end, () => {
        clearTimeout(timer)
        resolve()
      })
    }
    request.resume()
  })
}

const acceptedId = (header: string | string[] | undefined) =>
  typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : null
