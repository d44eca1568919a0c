import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { API_VERSION, type Context, type Work } from './context.ts'
import type { Database } from './database.ts'
import {
  type Answer,
  answerError,
  answerMissing,
  answerServerError,
  invalidRequest,
  Refusal,
} from './errors.ts'
import { expand } from './expand.ts'
import type { Faults } from './faults.ts'
import { type Form, parseForm } from './form.ts'
import type { Executed, ExecutionRequest } from './idempotency.ts'
import { equals, type Listing, listObjects } from './lists.ts'
import type { OpenCalls } from './open-calls.ts'
import { readTexts, refuseUnknown } from './params.ts'
import { prepareCancel, prepareConfirm, prepareCreate, retrieveIntent } from './payment-intents.ts'
import { prepareRefund, retrieveRefund } from './refunds.ts'
import { searchIntents } from './search.ts'
import { findStripeEvent, withPending } from './stripe-events.ts'

export interface StripeApiOptions {
  database: Database
  context: Context
  secretKey: string
  execute: (request: ExecutionRequest, prepare: () => Work) => Promise<Executed>
  faults: Faults
  openCalls: OpenCalls
  /** Called after every commit that may have queued a webhook. */
  nudge: () => void
}

interface ById {
  Params: { id: string }
}

const intents: Listing = {
  table: 'payment_intents',
  thing: 'payment_intent',
  url: '/v1/payment_intents',
  filters: [],
  conditions: () => [],
}
const refunds: Listing = {
  table: 'refunds',
  thing: 'refund',
  url: '/v1/refunds',
  filters: ['payment_intent', 'charge'],
  conditions: (params) => [...equals(params, 'payment_intent'), ...equals(params, 'charge')],
}
const events: Listing = {
  table: 'stripe_events',
  thing: 'event',
  url: '/v1/events',
  filters: ['type', 'types'],
  conditions: (params) => {
    const types = readTexts(params, 'types')
    const ofTypes =
      types.length === 0 ? [] : [{ sql: `type in (${types.map(() => '?').join(', ')})`, values: types }]
    return [...equals(params, 'type'), ...ofTypes]
  },
}

/** Registers Stripe's API below /v1. */
export async function registerStripeApi(api: FastifyInstance, options: StripeApiOptions): Promise<void> {
  const { context, database } = options
  api.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => parseForm(body),
  )
  api.addHook('onRequest', async (request, reply) => {
    reply
      .header('request-id', request.id)
      .header('stripe-version', request.headers['stripe-version'] ?? API_VERSION)
    if (await options.faults.meet(request, reply)) return reply
    requireKey(request, options.secretKey)
  })
  api.setErrorHandler((error: FastifyError | Refusal, request, reply) =>
    answer(reply, toAnswer(error, request)),
  )
  api.setNotFoundHandler((request, reply) => {
    const message =
      `Unrecognized request URL (${request.method}: ${pathOf(request)}). ` +
      "The sandbox speaks the part of Stripe's API that Boxoffice uses."
    return answer(reply, answerError(404, { type: 'invalid_request_error', message }))
  })

  const change = (request: FastifyRequest, reply: FastifyReply, prepare: (params: Form) => Work) =>
    executeAndAnswer(options, request, reply, prepare)
  api.post('/payment_intents', (request, reply) =>
    change(request, reply, (params) => prepareCreate(context, params)),
  )
  api.post<ById>('/payment_intents/:id/confirm', (request, reply) =>
    change(request, reply, (params) => prepareConfirm(context, database.read, request.params.id, params)),
  )
  api.post<ById>('/payment_intents/:id/cancel', (request, reply) =>
    change(request, reply, (params) => prepareCancel(context, request.params.id, params)),
  )
  api.post('/refunds', (request, reply) => change(request, reply, (params) => prepareRefund(context, params)))
  registerReads(api, database)
}

function registerReads(api: FastifyInstance, { read }: Database): void {
  api.get('/payment_intents', async (request) => listObjects(read, intents, queryOf(request)))
  api.get('/payment_intents/search', async (request) => searchIntents(read, queryOf(request)))
  api.get<ById>('/payment_intents/:id', async (request, reply) =>
    answer(reply, retrieveIntent(read, request.params.id, queryOf(request))),
  )
  api.get('/refunds', async (request) => listObjects(read, refunds, queryOf(request)))
  api.get<ById>('/refunds/:id', async (request, reply) =>
    answer(reply, retrieveRefund(read, request.params.id, queryOf(request))),
  )
  api.get('/events', async (request) => {
    const list = listObjects(read, events, queryOf(request)) as { data: { id: string }[] }
    return { ...list, data: list.data.map((event) => withPending(read, event)) }
  })
  api.get<ById>('/events/:id', async (request, reply) => {
    const params = queryOf(request)
    refuseUnknown(params, ['expand'])
    const event = findStripeEvent(read, request.params.id)
    if (event === null) return answer(reply, answerMissing('event', request.params.id, 'id', 404))
    return answer(reply, { status: 200, body: expand(read, event, readTexts(params, 'expand')) })
  })
}

async function executeAndAnswer(
  { execute, nudge, openCalls }: StripeApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  prepare: (params: Form) => Work,
): Promise<FastifyReply> {
  const params = (request.body ?? {}) as Form
  const header = request.headers['idempotency-key']
  const idempotencyKey = typeof header === 'string' ? header : null
  const executed = await execute({ id: request.id, idempotencyKey, endpoint: pathOf(request), params }, () =>
    prepare(params),
  )
  nudge()
  if (executed.reply === 'withheld') {
    openCalls.withhold(reply)
    return reply
  }
  if (executed.reply === 'lost') return answer(reply, answerServerError())
  if (idempotencyKey !== null) reply.header('idempotency-key', idempotencyKey)
  if (executed.replayOf !== null)
    reply.header('idempotent-replayed', 'true').header('original-request', executed.replayOf)
  // The stored response is final, so clients should not retry.
  if (executed.status >= 500) reply.header('stripe-should-retry', 'false')
  return reply.code(executed.status).type('application/json').send(executed.body)
}

/** Stripe accepts the key as a bearer token or as the user of basic authentication. */
function requireKey(request: FastifyRequest, secretKey: string): void {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(request.headers.authorization ?? '') ?? []
  const key =
    scheme.toLowerCase() === 'basic' ? (Buffer.from(value, 'base64').toString().split(':')[0] ?? '') : value
  if (key === secretKey) return
  const message =
    key === ''
      ? 'You did not provide an API key. You need to provide your API key in the Authorization header, ' +
        'using Bearer auth.'
      : `Invalid API Key provided: ${key.slice(0, 7)}${'*'.repeat(8)}${key.slice(-4)}`
  throw invalidRequest(message, { status: 401 })
}

function toAnswer(error: FastifyError | Refusal, request: FastifyRequest): Answer {
  if (error instanceof Refusal) return error.answer
  if (error.statusCode !== undefined && error.statusCode < 500)
    return answerError(400, { type: 'invalid_request_error', message: error.message })
  request.log.error(error)
  return answerServerError()
}

const answer = (reply: FastifyReply, { status, body }: Answer): FastifyReply => reply.code(status).send(body)

const pathOf = (request: FastifyRequest) => request.url.split('?')[0] ?? ''
const queryOf = (request: FastifyRequest) => parseForm(request.url.slice(pathOf(request).length + 1))
