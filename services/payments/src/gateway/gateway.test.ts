import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { Currency, Minor, OrderId, RefundId } from '@boxoffice/contracts'
import { SECRET_KEY, startSandbox, WEBHOOK_SECRET } from '@boxoffice/payment-sandbox'
import { createGuard, policies } from '@boxoffice/service-kit'
import { createWatchers, serveLocally } from '@boxoffice/service-kit/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chargeKey } from '../saga/keys.ts'
import { createRemoteSteps } from '../saga/make-call.ts'
import type { StoredSaga } from '../saga/saga-repository.ts'
import { createGateway, type Gateway } from './gateway.ts'

const HOUR_MS = 3_600_000
let sandbox: Awaited<ReturnType<typeof startSandbox>>
let lagging: Awaited<ReturnType<typeof startLagging>>
let guard: ReturnType<typeof createGuard>
let gateway: Gateway
beforeAll(async () => {
  sandbox = await startSandbox()
  lagging = await startLagging(sandbox.url)
})
beforeEach(() => {
  const watchers = createWatchers()
  guard = createGuard('gateway', policies.gateway, watchers)
  const secrets = { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET }
  gateway = createGateway({
    ...secrets,
    baseUrl: lagging.url,
    timeoutMs: 5_000,
    guard,
    logger: watchers.logger,
  })
})
afterEach(() => guard.close())
afterAll(async () => {
  await lagging.stop()
  await sandbox.stop()
})

/** The gateway with a search that lags behind. */
async function startLagging(url: string) {
  const server = http.createServer(async (request, response) => {
    if (request.url?.startsWith('/v1/payment_intents/search')) {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ object: 'search_result', data: [], has_more: false, next_page: null, url: '' }),
      )
      return
    }
    const { method, headers } = request
    const forwarded = http.request(new URL(request.url ?? '/', url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    request.pipe(forwarded)
  })
  const ownUrl = await serveLocally(server)
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: ownUrl, stop }
}

const newOrderId = () => randomUUID() as OrderId
const chargeOf = (orderId: OrderId) => ({
  orderId,
  amount: 10_000 as Minor,
  currency: 'EUR' as Currency,
  key: chargeKey(orderId),
  paymentToken: 'pm_card_visa',
})

describe('a charge that was sent long after its order began to be charged, while the search lags', () => {
  const step = (saga: object) => {
    const isEventCancelled = async () => false
    const ports = {
      gateway,
      isEventCancelled,
      now: () => new Date(),
      crashAt: () => {},
      unknownLimitMs: 2 * HOUR_MS,
    }
    return createRemoteSteps(ports as unknown as Parameters<typeof createRemoteSteps>[0])(saga as StoredSaga)
  }
  const sagaOf = (orderId: OrderId, state: string) => {
    const chargeStartedAt = new Date(Date.now() - HOUR_MS).toISOString()
    return { orderId, state, context: { chargeStartedAt, total: 10_000, currency: 'EUR', eventId: 'event' } }
  }

  test.each(['CANCELLING_CHARGE', 'REFUND_IF_CHARGED'])('is found in %s: its key is used', async (state) => {
    const orderId = newOrderId()
    const made = await gateway.charge(chargeOf(orderId))
    const input = {
      type: 'CHARGED',
      transactionId: made.outcome === 'charged' && made.transactionId,
      eventCancelled: false,
    }
    expect(await step(sagaOf(orderId, state))).toEqual({ input })
  })
  test('was not made where its key is free, and cannot be made from then on', async () => {
    const orderId = newOrderId()
    expect(await step(sagaOf(orderId, 'CANCELLING_CHARGE'))).toEqual({ input: { type: 'NOT_CHARGED' } })
    await gateway.charge(chargeOf(orderId))
    expect((await sandbox.ledger(orderId)).totals).toEqual([])
  })
})

describe('refunds that the gateway refuses', () => {
  const CALLS = policies.gateway.breaker.windowCalls * 2
  const refundOf = (transactionId: string, amount: number, key: string = randomUUID()) => {
    const ids = { orderId: newOrderId(), refundId: randomUUID() as RefundId }
    return gateway.refund({ ...ids, transactionId, amount: amount as Minor, key })
  }
  async function charged() {
    const made = await gateway.charge(chargeOf(newOrderId()))
    if (made.outcome !== 'charged') throw new Error(made.outcome)
    return made.transactionId
  }

  test('because nothing is left to refund, do not keep others from paying', async () => {
    const transactionId = await charged()
    for (let i = 0; i < CALLS; i++)
      expect(await refundOf(transactionId, 10_001)).toMatchObject({ outcome: 'refused' })
    expect(guard.state()).toBe('UP')
    expect(await gateway.charge(chargeOf(newOrderId()))).toMatchObject({ outcome: 'charged' })
  })
  test('because their key was used for another amount, do not either', async () => {
    const transactionId = await charged()
    const key = randomUUID()
    expect(await refundOf(transactionId, 1, key)).toMatchObject({ outcome: 'refunded' })
    for (let i = 0; i < CALLS; i++)
      expect(await refundOf(transactionId, 2, key)).toMatchObject({ outcome: 'refused' })
    expect(guard.state()).toBe('UP')
  })
  test('while the gateway is down, for charges too, are unknown', async () => {
    const transactionId = await charged()
    await sandbox.setFault({ mode: 'unavailable' })
    for (let i = 0; i < CALLS; i++) await refundOf(transactionId, 1)
    await sandbox.setFault({ mode: 'ok' })
    expect(guard.state()).toBe('DEGRADED')
    expect(await refundOf(transactionId, 1)).toMatchObject({ outcome: 'not-sent' })
  })
})
