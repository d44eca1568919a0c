import { createHash } from 'node:crypto'
import {
  type Access,
  formOf,
  IDEMPOTENCY_IN_PROGRESS,
  IDEMPOTENCY_KEY_REUSED,
  type Idempotency,
  idempotencyOf,
  type ListedRefusals,
  type RefusalStatus,
  type Request,
  type Route,
  type Routes,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Revocations } from '../identity/revocations.ts'
import {
  createEncoder,
  type Encoder,
  type StreamedFile,
  sendAnswer,
  sendRefusal,
  type WireAnswer,
} from './answer.ts'
import {
  type Authenticate,
  actorOf,
  type Principal,
  type ServicePrincipal,
  type UserPrincipal,
} from './authentication.ts'
import { sendPacked } from './compression.ts'
import type { EncodedJson } from './encoded-json.ts'
import type { IdempotencyStore } from './idempotency.ts'
import { type HandlerRefusal, type RefusalAnswer, RefusedError, refuse } from './refusal.ts'
import { createStreamAborts } from './stream-aborts.ts'
import type { StreamLimits } from './stream-limits.ts'
import { createDecoder } from './validation.ts'

type PrincipalOf<A extends Access> = A extends 'anyone'
  ? null
  : A extends 'visitor'
    ? UserPrincipal | null
    : A extends 'operator'
      ? UserPrincipal | ServicePrincipal
      : A extends string
        ? UserPrincipal
        : ServicePrincipal

/** The handler's context beside the decoded params, query and body. */
interface Surroundings<R extends Route> {
  principal: PrincipalOf<R['access']>
  requestId: string
  /** The id for the created resource: the same whenever the request is repeated under its idempotency key. */
  resourceId: string
  /** The `Idempotency-Key`, for routes that bind it themselves; empty without one. */
  idempotencyKey: string
  headers: FastifyRequest['headers']
  /** The raw body, for routes that check its signature. */
  rawBody: string
  ip: string
  log: FastifyBaseLogger
  /**
   * For an event stream: aborted when the client has gone, its token or session has ended, or the server
   * stops.
   */
  signal: AbortSignal
}

interface AnswerOf<S, B> {
  status: S
  body: B | EncodedJson<B> | FileOf<B> | ItemsOf<B>
  headers?: Record<string, string>
}
/** A file may be sent while it is produced. */
type FileOf<B> = Uint8Array extends B ? StreamedFile : never
/** Items of an event stream may be encoded already. */
type ItemsOf<B> = B extends AsyncIterable<infer T> ? AsyncIterable<T | EncodedJson<T>> : never
type SuccessOf<R extends Route> = Exclude<keyof R['responses'] & number, RefusalStatus>
/** A handler's answers; of refusals only those that its route lists. */
export type HandlerAnswer<R extends Route> =
  | { [S in SuccessOf<R>]: AnswerOf<S, z.output<R['responses'][S]>> }[SuccessOf<R>]
  | RefusalAnswer<ListedRefusals<R>>

export type Handler<R extends Route> = (input: Request<R> & Surroundings<R>) => Promise<HandlerAnswer<R>>
export type Handlers<T extends Routes> = { [K in keyof T]: Handler<T[K]> }

type AnyHandler = (
  input: unknown,
) => Promise<{ status: number; body: unknown; headers?: Record<string, string> }>

/**
 * Mounts every route of a contract; a missing or misspelt handler does not compile. In order: authentication,
 * decoding by the contract, stream limits, idempotency, the handler, encoding by the contract. A route that
 * streams needs `guards.streams`.
 */
export function mountRoutes<T extends Routes>(
  app: FastifyInstance,
  routes: T,
  handlers: NoInfer<Handlers<T>>,
  guards: {
    authenticate: Authenticate
    idempotency: IdempotencyStore
    /** Streams end with the session that opened them. */
    revocations?: Pick<Revocations, 'isRevoked'>
    streams?: StreamLimits
  },
): void {
  const streamAborts = createStreamAborts(app, guards.revocations ?? { isRevoked: async () => false })
  for (const [name, route] of Object.entries(routes)) {
    const handle = handlers[name] as unknown as AnyHandler
    const principals = new WeakMap<FastifyRequest, Principal>()
    const [decode, encode] = [createDecoder(route), createEncoder(route)]
    const [streams, idempotency] = [goesOn(route), idempotencyOf(route)]
    if (streams && !guards.streams) throw new Error(`${name} is a stream: pass guards.streams`)
    // Calls between services are not compressed: the network is close, CPU is scarce.
    const send = route.method === 'GET' && typeof route.access === 'string' ? sendPacked : sendAsIs
    const boundByHandler = idempotency === 'bound' || idempotency === 'bindable'
    app.route({
      method: route.method,
      url: route.path,
      ...(route.bodyLimitBytes && { bodyLimit: route.bodyLimitBytes }),
      config: { operationId: name, bodyAsText: route.bodyAsText === true },
      async onRequest(request, reply) {
        const result = await guards.authenticate(route.access, request)
        if ('refusal' in result) return sendRefusal(reply, result.refusal)
        principals.set(request, result.principal)
      },
      async handler(request, reply) {
        const decoded = decode(request)
        if (!decoded.ok) return sendRefusal(reply, decoded.refusal)
        const key = idempotencyKeyOf(idempotency, request)
        if (typeof key === 'object' && key !== null) return sendRefusal(reply, key)
        const principal = principals.get(request) ?? null
        const tooMany = streams ? guards.streams?.enter(request, reply, principal) : null
        if (tooMany) return sendRefusal(reply, tooMany)
        const run = (resourceId: string) =>
          answerOf(encode, request.id, () =>
            handle({
              ...decoded.value,
              ...surroundingsOf(request),
              signal: streams ? streamAborts.signalOf(reply, principal) : neverAborted,
              principal,
              resourceId,
              idempotencyKey: key ?? '',
            }),
          )
        if (key === null || boundByHandler) return send(request, reply, await run(crypto.randomUUID()))
        return once(guards.idempotency, {
          request,
          reply,
          key,
          actor: actorOf(principal as UserPrincipal),
          run,
        })
      },
    })
  }
}

const sendAsIs: typeof sendPacked = async (_request, reply, answer) => sendAnswer(reply, answer)

const surroundingsOf = (request: FastifyRequest) => ({
  requestId: request.id,
  headers: request.headers,
  rawBody: request.rawBody ?? '',
  ip: request.ip,
  log: request.log,
})

const neverAborted = new AbortController().signal
const goesOn = (route: Route) =>
  Object.values(route.responses).some((schema) => formOf(schema)?.kind === 'event-stream')

async function answerOf(
  encode: Encoder,
  requestId: string,
  work: () => Promise<{ status: number; body: unknown }>,
): Promise<WireAnswer> {
  try {
    return encode(await work(), requestId)
  } catch (error) {
    if (error instanceof RefusedError) return encode(error.refusal, requestId)
    throw error
  }
}

/** Returns the key of a request that may carry one, null without; a refusal if it is missing or malformed. */
function idempotencyKeyOf(kind: Idempotency, request: FastifyRequest): string | null | HandlerRefusal {
  if (kind === 'none') return null
  const key = request.headers['idempotency-key']
  const wrong = (message: string) =>
    refuse(VALIDATION_FAILED, { details: [{ path: 'headers.idempotency-key', message }] })
  if (key === undefined)
    return kind === 'bound'
      ? wrong('is required here: send a new one for every purchase, such as a UUID')
      : null
  return typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)
    ? key
    : wrong('must be 1 to 255 printable characters')
}

/** Executes a request once: repetitions get the first answer. 429 and 5xx are not stored. */
async function once(
  store: IdempotencyStore,
  call: {
    request: FastifyRequest
    reply: FastifyReply
    key: string
    actor: string
    run(resourceId: string): Promise<WireAnswer>
  },
): Promise<FastifyReply> {
  const { request, reply } = call
  const begun = await store.begin({
    scope: `${call.actor} ${request.method} ${request.url.split('?')[0]}`,
    key: call.key,
    bodyHash: bodyHashOf(request.rawBody),
  })
  switch (begun.outcome) {
    case 'replay':
      return sendAnswer(reply, { ...begun.answer, headers: { 'idempotent-replayed': 'true' } })
    case 'in-progress':
      return sendRefusal(reply, refuse(IDEMPOTENCY_IN_PROGRESS))
    case 'mismatch':
      return sendRefusal(reply, refuse(IDEMPOTENCY_KEY_REUSED))
    case 'started': {
      try {
        const answer = await call.run(begun.resourceId)
        const remembered = answer.status < 500 && answer.status !== 429
        await (remembered ? store.complete(begun.lease, answer) : store.abandon(begun.lease))
        return sendAnswer(reply, answer)
      } catch (error) {
        await store.abandon(begun.lease)
        throw error
      }
    }
  }
}

/** Hashes a body to recognize repetitions: its JSON, so that white space does not matter. */
export function bodyHashOf(rawBody: string | undefined): string {
  const canonical = rawBody ? JSON.stringify(JSON.parse(rawBody)) : ''
  return createHash('sha256').update(canonical).digest('hex')
}
