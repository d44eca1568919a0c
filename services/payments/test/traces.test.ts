import { randomUUID } from 'node:crypto'
import { type OrderId, paymentCompleted } from '@boxoffice/contracts'
import { recordSpans } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishKeys, startProcess } from './process.ts'
import { startService, type TestService } from './start-service.ts'
import { eventId, ticketTypeId } from './stubs.ts'

let payments: TestService
let keys: Awaited<ReturnType<typeof publishKeys>>
let recorded: ReturnType<typeof recordSpans>
beforeAll(async () => {
  payments = await startService({}, { webhooks: false })
  keys = await publishKeys(payments.authority)
  recorded = recordSpans()
})
afterAll(async () => {
  await recorded.stop()
  await keys.close()
  await payments.stop()
})

/** The buyer's trace: ours is another, with a link to it. */
const BUYERS_TRACE = '0af7651916cd43dd8448eb211c80319c'
const named = (name: string, traceId: string) =>
  until(() => {
    const span = recorded.spans().find((one) => one.name === name && one.traceId === traceId)
    if (!span) throw new Error(`no span ${name} in ${traceId}`)
    return span
  })

describe('a purchase', () => {
  let traceId: string
  test('that one process began and another ends is one trace', async () => {
    // Spans are exported to nowhere: the trace is read from the row.
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    const instance = await startProcess(payments, {
      AUTH_URL: keys.url,
      CRASH_AT: 'saga.created',
      ...tracing,
    })
    const body = JSON.stringify({
      ...{ eventId, ticketRequests: [{ ticketTypeId, quantity: 1 }], holderName: 'Zofia Łącka' },
      ...{ paymentMethod: 'CREDIT_CARD', paymentToken: 'pm_card_visa' },
    })
    const headers = {
      ...payments.buyer.headers,
      ...{ 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      traceparent: `00-${BUYERS_TRACE}-b7ad6b7169203331-01`,
    }
    await expect(
      fetch(`${instance.url}/api/payments/orders`, { method: 'POST', headers, body }),
    ).rejects.toThrow()
    expect(await instance.ended).toEqual([null, 'SIGKILL'])
    const { rows } = await payments.deps.pool.query('select order_id, traceparent from sagas')
    expect(rows).toHaveLength(1)
    const orderId = rows[0].order_id as OrderId
    traceId = rows[0].traceparent.split('-')[1]
    expect(traceId).not.toBe(BUYERS_TRACE)
    // Ends the lease early instead of waiting for it.
    await payments.deps.pool.query("update sagas set leased_until = clock_timestamp() - interval '1 second'")
    await payments.becomes(orderId, 'PAID')
    const resumed = await named('resume saga', traceId)
    expect(resumed.attributes).toMatchObject({ 'boxoffice.order_id': orderId })
    const charging = await named('saga CHARGING', traceId)
    expect(charging.parentId).toBe(resumed.spanId)
    expect(await named('gateway charge', traceId)).toMatchObject({ parentId: charging.spanId })
    await named('publish PAYMENT_COMPLETED', traceId)
    await payments.probe.waitFor(paymentCompleted, ({ payload }) => payload.orderId === orderId)
  })
  test('has gateway events about it in its trace too', async () => {
    const { rows } = await payments.deps.pool.query('select order_id from sagas')
    const intent = {
      id: `pi_${randomUUID()}`,
      status: 'succeeded',
      amount: 5_000,
      metadata: { orderId: rows[0].order_id },
    }
    expect((await payments.sendWebhook('payment_intent.succeeded', intent)).statusCode).toBe(200)
    await named('gateway event charged', traceId)
  })
  test('carries no token, card or holder into its spans', async () => {
    expect(JSON.stringify(recorded.spans())).not.toMatch(/pm_card|sk_test|Łącka|Bearer|eyJ/)
    expect(recorded.spans().length).toBeGreaterThan(10)
  })
})

test("a gateway event is handled in its webhook's trace, with a link to the gateway’s own", async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const call = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  const answer = await payments.sendWebhook(
    'payment_intent.succeeded',
    { id: 'pi_1', metadata: {} },
    undefined,
    call,
  )
  expect(answer.statusCode).toBe(200)
  const request = await until(() => {
    const span = recorded
      .spans()
      .find(
        ({ name, links }) =>
          name.endsWith('/webhooks/stripe') && links.some((link) => link.traceId === traceId),
      )
    if (!span) throw new Error('no span of the call')
    return span
  })
  const worked = await named('webhook payment_intent.succeeded', request.traceId)
  expect(worked.traceId).not.toBe(traceId)
})
