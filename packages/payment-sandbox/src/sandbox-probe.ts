import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPort } from '@boxoffice/testing'
import Stripe from 'stripe'
import type { BankAction } from './disputes.ts'
import type { Fault } from './faults.ts'
import type { Ledger } from './ledger.ts'
import { createSandbox, type SandboxOptions } from './sandbox.ts'

export const SECRET_KEY = 'sk_test_of_the_tests'
export const WEBHOOK_SECRET = 'whsec_of_the_tests'

/** The test interface of a sandbox, in this process or another. */
export interface SandboxProbe {
  url: string
  /** The official client without its own retries. */
  stripe: Stripe
  /** Ends the delay of the client's calls in progress. */
  timeOut(): void
  ledger(orderId?: string): Promise<Ledger>
  setFault(fault: Fault | object): Promise<Response>
  /** Performs an action of the bank on an order's charge. */
  dispute(act: BankAction | object): Promise<Response>
}

export function probeSandbox(port: number): SandboxProbe {
  const url = `http://127.0.0.1:${port}`
  const httpAgent = new http.Agent({ keepAlive: true })
  const post = (path: string, body: object) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return {
    url,
    stripe: new Stripe(SECRET_KEY, {
      host: '127.0.0.1',
      port,
      protocol: 'http',
      httpAgent,
      maxNetworkRetries: 0,
      telemetry: false,
    }),
    timeOut: () => {
      for (const socket of Object.values(httpAgent.sockets).flatMap((sockets) => sockets ?? []))
        socket.emit('timeout')
    },
    ledger: async (orderId) => {
      const response = await fetch(`${url}/ledger${orderId ? `?orderId=${encodeURIComponent(orderId)}` : ''}`)
      return (await response.json()) as Ledger
    },
    setFault: (fault) => post('/sandbox/faults', fault),
    dispute: (act) => post('/sandbox/disputes', act),
  }
}

/** Starts a sandbox in this process, with its own port and file. */
export async function startSandbox(options: Partial<SandboxOptions> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-test-'))
  const { app, webhooks } = createSandbox({
    database: path.join(folder, 'sandbox.db'),
    secretKey: SECRET_KEY,
    webhookSecret: WEBHOOK_SECRET,
    webhookUrl: null,
    now: Date.now,
    webhookPollMs: 20,
    ...options,
  })
  const port = await claimPort()
  await app.listen({ host: '127.0.0.1', port })
  webhooks.start()
  const stop = async () => {
    await app.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...probeSandbox(port), stop }
}

/** Replaces the delay of slow calls, so that a test decides when it ends. */
export function createPauses() {
  const waiting = new Set<() => void>()
  return {
    pause: (_ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        waiting.add(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
    /** The number of waiting calls. */
    get count() {
      return waiting.size
    },
    end() {
      for (const resolve of waiting) resolve()
      waiting.clear()
    },
  }
}

export interface Received {
  body: string
  signature: string
  event: Stripe.Event
}

/** Starts a webhook receiver that responds with `answer` (200 at first). */
export async function startReceiver() {
  const received: Received[] = []
  let answer: (count: number) => number = () => 200
  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    received.push({ body, signature: String(request.headers['stripe-signature']), event: JSON.parse(body) })
    response.writeHead(answer(received.length)).end()
  })
  const port = await claimPort()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    received,
    ofType: (type: string) => received.filter(({ event }) => event.type === type),
    answerWith: (next: (count: number) => number) => {
      answer = next
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let orders = 0

/** A purchase as the payment service makes it, each for a new order. */
export function purchase(
  token: string,
  amount = 5_000,
): Stripe.PaymentIntentCreateParams & { metadata: { orderId: string } } {
  orders += 1
  return {
    amount,
    currency: 'usd',
    payment_method: token,
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { orderId: `order-${orders}` },
  }
}

/** Returns the error that an SDK call rejects with. */
export async function errorOf(
  call: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  )
  if (outcome instanceof Stripe.errors.StripeError) return outcome
  throw new Error(`expected a StripeError, but the call ended in ${outcome}`)
}
