import { until } from '@boxoffice/testing'
import Stripe from 'stripe'
import { afterEach, expect, test } from 'vitest'
import {
  createPauses,
  errorOf,
  purchase,
  startReceiver,
  startSandbox,
  WEBHOOK_SECRET,
} from './sandbox-probe.ts'
import { defaultBackOffMs } from './webhooks.ts'

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start(options: Parameters<typeof startSandbox>[0] = {}) {
  const receiver = await startReceiver()
  cleanUps.push(receiver.stop)
  const sandbox = await startSandbox({ webhookUrl: receiver.url, webhookBackOffMs: () => 20, ...options })
  cleanUps.push(sandbox.stop)
  const pendingOf = async (id: string) => (await sandbox.stripe.events.retrieve(id)).pending_webhooks
  return { receiver, sandbox, stripe: sandbox.stripe, pendingOf }
}

test("a payment's webhook is signed as Stripe signs", async () => {
  const { receiver, stripe } = await start()
  const intent = await stripe.paymentIntents.create(purchase('pm_card_visa'), { idempotencyKey: 'signed' })
  await until(() => expect(receiver.received).toHaveLength(1))
  const { body = '', signature = '' } = receiver.received[0] ?? {}
  const event = stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET)
  expect(event).toMatchObject({
    id: expect.stringMatching(/^evt_/),
    object: 'event',
    type: 'payment_intent.succeeded',
    api_version: Stripe.API_VERSION,
    livemode: false,
    request: { id: intent.lastResponse.requestId, idempotency_key: 'signed' },
  })
  expect(event.data.object).toEqual(intent)
  expect(() =>
    stripe.webhooks.constructEvent(body.replace('5000', '5001'), signature, WEBHOOK_SECRET),
  ).toThrow(Stripe.errors.StripeSignatureVerificationError)
  expect(() => stripe.webhooks.constructEvent(body, signature, 'whsec_of_another')).toThrow(
    Stripe.errors.StripeSignatureVerificationError,
  )
})

test('each relevant change has its event', async () => {
  const { receiver, stripe } = await start()
  const { id } = await stripe.paymentIntents.create(purchase('pm_card_visa'))
  await stripe.refunds.create({ payment_intent: id, amount: 100 })
  await errorOf(stripe.paymentIntents.create(purchase('pm_card_visa_chargeDeclined')))
  const waiting = await stripe.paymentIntents.create(purchase('pm_card_authenticationRequired'))
  await stripe.paymentIntents.cancel(waiting.id)
  const expected = [
    'charge.refunded',
    'payment_intent.canceled',
    'payment_intent.payment_failed',
    'payment_intent.requires_action',
    'payment_intent.succeeded',
    'refund.created',
  ]
  await until(() => expect(receiver.received.map(({ event }) => event.type).sort()).toEqual(expected))
  expect(receiver.ofType('charge.refunded')[0]?.event.data).toMatchObject({
    object: { object: 'charge', payment_intent: id, amount_refunded: 100, refunded: false },
    previous_attributes: { amount_refunded: 0 },
  })
  const listed = await stripe.events.list({ types: ['refund.created', 'charge.refunded'] })
  expect(listed.data.map(({ type }) => type)).toEqual(['charge.refunded', 'refund.created'])
})

test('a webhook is delivered until it is answered 2xx', async () => {
  const { receiver, stripe, pendingOf } = await start()
  receiver.answerWith((count) => [500, 302, 404, 204][count - 1] ?? 200)
  await stripe.paymentIntents.create(purchase('pm_card_visa'))
  await until(() => expect(receiver.received).toHaveLength(4))
  const [id = '', ...others] = new Set(receiver.received.map(({ event }) => event.id))
  expect(others).toEqual([])
  for (const { body, signature } of receiver.received)
    stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET)
  await until(async () => expect(await pendingOf(id)).toBe(0))
  // Deliveries from now on come after every pending one, so a repeated one would be among them.
  await stripe.paymentIntents.create(purchase('pm_card_visa'))
  await until(() => expect(receiver.received).toHaveLength(5))
  expect(receiver.received[4]?.event.id).not.toBe(id)
})

test('failures are retried with growing delays of at most a minute', () => {
  expect([1, 2, 3, 8, 50].map(defaultBackOffMs)).toEqual([500, 1_000, 2_000, 60_000, 60_000])
})

test('webhook_twice delivers each event twice, webhook_never none', async () => {
  const { receiver, stripe } = await start()
  const never = await stripe.paymentIntents.create(purchase('pm_sandbox_webhook_never'))
  await stripe.refunds.create({ payment_intent: never.id })
  const twice = await stripe.paymentIntents.create(purchase('pm_sandbox_webhook_twice'))
  await stripe.refunds.create({ payment_intent: twice.id })
  await until(() => expect(receiver.received).toHaveLength(6))
  for (const type of ['payment_intent.succeeded', 'refund.created', 'charge.refunded']) {
    const [first, second] = receiver.ofType(type)
    expect(second?.event.id).toBe(first?.event.id)
    expect(JSON.stringify(first?.event)).toContain(twice.id)
  }
  const events = await stripe.events.list({ limit: 100 })
  expect(events.data.filter((event) => JSON.stringify(event).includes(never.id))).toMatchObject([
    { type: 'charge.refunded', pending_webhooks: 0 },
    { type: 'refund.created', pending_webhooks: 0 },
    { type: 'payment_intent.succeeded', pending_webhooks: 0 },
  ])
})

test('the webhook of a charge arrives although its caller never gets a response', async () => {
  const { receiver, sandbox, stripe } = await start()
  const params = purchase('pm_sandbox_timeout_then_succeeded')
  const silence = errorOf(stripe.paymentIntents.create(params))
  await until(() => expect(receiver.ofType('payment_intent.succeeded')).toHaveLength(1))
  expect(receiver.received[0]?.event.data.object).toMatchObject({ metadata: params.metadata })
  sandbox.timeOut()
  expect(await silence).toBeInstanceOf(Stripe.errors.StripeConnectionError)
})

test('a gateway that is down delivers nothing until it is back', async () => {
  const wentDownAt = 1_800_000_000
  let nowMs = wentDownAt * 1_000
  const pauses = createPauses()
  const { receiver, sandbox, stripe } = await start({ now: () => nowMs, pause: pauses.pause })
  const params = purchase('pm_sandbox_slow_600000')
  const call = () =>
    stripe.paymentIntents.create(params, { idempotencyKey: 'slow' }).then(({ status }) => status, String)
  const calls = [call(), call()]
  // One request is refused because the other is in progress, so the other will run while the gateway is
  // down.
  expect(await Promise.race(calls)).toContain('in-progress')
  await sandbox.setFault({ mode: 'down' })
  pauses.end()
  expect(await Promise.all(calls)).toContain('succeeded')
  nowMs += 60_000
  expect(receiver.received).toEqual([])
  await sandbox.setFault({ mode: 'ok' })
  await until(() => expect(receiver.received).toHaveLength(1))
  expect(receiver.received[0]?.signature).toMatch(`t=${wentDownAt + 60},`)
})

test('without a receiver events are stored without deliveries', async () => {
  const { stripe } = await start({ webhookUrl: null })
  await stripe.paymentIntents.create(purchase('pm_card_visa'))
  expect((await stripe.events.list()).data).toMatchObject([
    { type: 'payment_intent.succeeded', pending_webhooks: 0 },
  ])
  expect(await errorOf(stripe.events.retrieve('evt_nobody'))).toMatchObject({ statusCode: 404 })
})
