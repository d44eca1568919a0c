import Fastify, { type FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from './context.ts'
import { openDatabase } from './database.ts'
import { BankAction, disputeCharge } from './disputes.ts'
import { createFaults, Fault } from './faults.ts'
import { createExecutor, IDEMPOTENCY_PERIOD_MS } from './idempotency.ts'
import { newStripeId } from './ids.ts'
import { readLedger } from './ledger.ts'
import { createOpenCalls } from './open-calls.ts'
import { renderPage } from './page.ts'
import { registerStripeApi } from './stripe-api.ts'
import { createWebhookSender, defaultBackOffMs, type WebhookSender } from './webhooks.ts'

export interface SandboxOptions {
  /** Path of the SQLite file; created if missing. */
  database: string
  secretKey: string
  webhookSecret: string
  /** Null for no webhooks. */
  webhookUrl: string | null
  /** Milliseconds since 1970. */
  now: () => number
  newId?: (prefix: string) => string
  idempotencyPeriodMs?: number
  webhookBackOffMs?: (attempts: number) => number
  webhookPollMs?: number
  /** Replaces the delay of slow calls. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
  logLevel?: string
}

export interface Sandbox {
  /** Closing it stops the webhooks, closes unanswered calls, and closes the database. */
  app: FastifyInstance
  webhooks: Pick<WebhookSender, 'start' | 'stop'>
}

const LedgerQuery = z.strictObject({ orderId: z.string().optional() })

/**
 * Builds the payment gateway sandbox: the part of Stripe's API that we use, on a ledger that survives
 * restarts.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { now, newId = newStripeId, logLevel = 'silent' } = options
  const app = Fastify({
    logger: logLevel === 'silent' ? false : { level: logLevel },
    genReqId: () => newId('req'),
  })
  const database = openDatabase(options.database)
  const openCalls = createOpenCalls(options.pause)
  const faults = createFaults(openCalls.wait)
  const context: Context = { now, newId, hasWebhooks: options.webhookUrl !== null }
  const webhooks = createWebhooks(options, database, () => faults.current().mode === 'down')
  const periodMs = options.idempotencyPeriodMs ?? IDEMPOTENCY_PERIOD_MS
  const execute = createExecutor({ database, now, periodMs, wait: openCalls.wait })

  app.register(registerStripeApi, {
    prefix: '/v1',
    database,
    context,
    secretKey: options.secretKey,
    execute,
    faults,
    openCalls,
    nudge: webhooks.nudge,
  })
  app.get('/', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(renderPage(database.read)),
  )
  app.get('/ledger', async (request, reply) => {
    const query = LedgerQuery.safeParse(request.query)
    if (!query.success)
      return reply.code(400).send({ error: 'VALIDATION_FAILED', message: z.prettifyError(query.error) })
    return readLedger(database.read, query.data.orderId ?? null)
  })
  app.get('/sandbox/faults', async () => faults.current())
  app.post('/sandbox/faults', async (request, reply) => {
    const fault = Fault.safeParse(request.body)
    if (!fault.success)
      return reply.code(400).send({ error: 'VALIDATION_FAILED', message: z.prettifyError(fault.error) })
    faults.set(fault.data)
    webhooks.nudge()
    return faults.current()
  })

  app.post('/sandbox/disputes', async (request, reply) => {
    const act = BankAction.safeParse(request.body)
    if (!act.success)
      return reply.code(400).send({ error: 'VALIDATION_FAILED', message: z.prettifyError(act.error) })
    const info = { id: request.id, idempotencyKey: null }
    const disputed = await database.groupCommit((tx) => disputeCharge(tx, context, info, act.data))
    webhooks.nudge()
    if ('dispute' in disputed) return disputed.dispute
    const isUnknown = disputed.refused === 'NO_CHARGE'
    const message = isUnknown ? 'this order was not charged' : `its dispute cannot become ${act.data.status}`
    return reply.code(isUnknown ? 404 : 409).send({ error: disputed.refused, message })
  })

  app.addHook('preClose', async () => openCalls.abandon())
  app.addHook('onClose', async () => {
    await webhooks.stop()
    database.close()
  })
  return { app, webhooks }
}

function createWebhooks(
  options: SandboxOptions,
  database: ReturnType<typeof openDatabase>,
  isPaused: () => boolean,
): WebhookSender {
  const { webhookUrl, webhookSecret, now, webhookBackOffMs = defaultBackOffMs } = options
  if (webhookUrl === null) return { start: () => {}, stop: async () => {}, nudge: () => {} }
  const { webhookPollMs: pollMs } = options
  const due = { backOffMs: webhookBackOffMs, isPaused, ...(pollMs && { pollMs }) }
  return createWebhookSender({ database, url: webhookUrl, secret: webhookSecret, now, ...due })
}
