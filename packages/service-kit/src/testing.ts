import { type Caller, callers, type Role, type Routes, type UserId } from '@boxoffice/contracts'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { ACCESS_TOKEN_AUDIENCE } from './authentication.ts'
import { type Client, createClient, type Send } from './client.ts'
import { createLogger } from './logging.ts'
import { createMetrics } from './metrics.ts'
import { type Handlers, mountRoutes } from './mount.ts'
import { createServer } from './server.ts'
import { createServiceIdentity } from './service-identity.ts'
import { registerTracing, stopTracing } from './tracing/tracing.ts'

/** Keys and tokens for a test: its own auth service and every service's identity. */
export async function createTestAuthority() {
  const makeKey = async (kid: string): Promise<JWK> => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    return { ...(await exportJWK(privateKey)), kid, alg: 'EdDSA' }
  }
  const publicOf = ({ d: _, ...jwk }: JWK) => jwk
  const tokenKey = await makeKey('test-token-key')
  const serviceKeys = new Map<Caller, JWK>(await Promise.all(callers.map(async (name) => [name, await makeKey(name)] as const)))
  const keyOf = (name: Caller) => serviceKeys.get(name) as JWK

  return {
    tokenKey,
    userKeys: createLocalJWKSet({ keys: [publicOf(tokenKey)] }),
    /** Authorization header of a user. */
    async user(roles: Role[] = ['USER'], userId: string = crypto.randomUUID()) {
      const token = await new SignJWT({ email: `${userId}@example.test`, sid: crypto.randomUUID(), roles })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test-token-key', typ: 'at+jwt' })
        .setSubject(userId)
        .setIssuer('boxoffice')
        .setAudience(ACCESS_TOKEN_AUDIENCE)
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(tokenKey)
      return { userId: userId as UserId, token, headers: { authorization: `Bearer ${token}` } }
    },
    /** Headers of a service that calls `audience`. */
    service: (name: Caller, audience: Caller) => createServiceIdentity(name, keyOf(name)).headersFor(audience),
    /** The base environment of a service, as its config reads it. */
    environment: (name: Caller): Record<string, string> => ({
      LOG_LEVEL: 'silent',
      SERVICE_PRIVATE_KEY: JSON.stringify(keyOf(name)),
      SERVICE_PUBLIC_KEYS: JSON.stringify({ keys: [...serviceKeys.values()].map(publicOf) }),
      AWS_REGION: 'us-east-1',
      AWS_ACCOUNT_ID: '000000000000',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    }),
  }
}
export type TestAuthority = Awaited<ReturnType<typeof createTestAuthority>>

/** Keeps the spans of this process in memory, in the order in which they ended; `ratio`: which part of all traces. */
export function recordSpans(ratio = 1) {
  const exporter = new InMemorySpanExporter()
  registerTracing('test', ratio, new SimpleSpanProcessor(exporter))
  return {
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: span.kind,
        attributes: span.attributes,
        failed: span.status.message ?? null,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentId: span.parentSpanContext?.spanId ?? null,
      })),
    clear: () => exporter.reset(),
    stop: stopTracing,
  }
}

/** A `send` that reaches an app without a port. */
export const injecting =
  (app: FastifyInstance): Send =>
  async (url, { method, headers, body }) => {
    const answer = await app.inject({
      url,
      method: method as 'GET',
      headers: headers as Record<string, string>,
      payload: body as string,
    })
    const bodiless = answer.statusCode === 204 || answer.statusCode === 304
    return new Response(bodiless ? null : new Uint8Array(answer.rawPayload), {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
    })
  }

/** The typed client of an app in the same process, with these headers on every request. */
export const injectClient = <T extends Routes>(
  app: FastifyInstance,
  routes: T,
  headers: Record<string, string> = {},
): Client<T> => createClient(routes, { baseUrl: '', send: injecting(app), headers: () => headers })

/** A peer made from its contract, on a port of its own: what it answers is the test's, that it is of its contract is checked. */
export async function startPeer<T extends Routes>(routes: T, handlers: NoInfer<Handlers<T>>) {
  const logger = createLogger({ service: 'peer', level: 'silent' })
  const app = createServer({ logger, metrics: createMetrics('peer'), trustedProxies: ['127.0.0.1'] })
  mountRoutes(app, routes, handlers, {
    authenticate: async () => ({ principal: { service: 'boxoffice-cli' } }),
    idempotency: { begin: unused, complete: unused, abandon: unused, sweep: unused },
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url, close: () => app.close() }
}
const unused = () => Promise.reject(new Error('a peer keeps no idempotency keys'))
