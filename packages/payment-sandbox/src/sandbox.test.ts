import { until } from '@boxoffice/testing'
import Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createPauses, errorOf, purchase, SECRET_KEY, startSandbox } from './sandbox-probe.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let stripe: Stripe

beforeAll(async () => {
  sandbox = await startSandbox()
  stripe = sandbox.stripe
})
afterEach(() => sandbox.setFault({ mode: 'ok' }))
afterAll(() => sandbox.stop())

const ask = (authorization?: string) =>
  fetch(`${sandbox.url}/v1/payment_intents`, {
    headers: authorization === undefined ? {} : { authorization },
  })

test('a call without the key, or with a wrong one, is refused', async () => {
  const stranger = new Stripe('sk_test_of_a_stranger', {
    host: '127.0.0.1',
    port: new URL(sandbox.url).port,
    protocol: 'http',
  })
  const error = await errorOf(stranger.paymentIntents.create(purchase('pm_card_visa')))
  expect(error).toBeInstanceOf(Stripe.errors.StripeAuthenticationError)
  expect(error.message).not.toContain('stranger')
  expect((await ask()).status).toBe(401)
  expect((await ask(`Basic ${btoa(`${SECRET_KEY}:`)}`)).status).toBe(200)
  expect((await ask()).headers.get('request-id')).toMatch(/^req_/)
})

test("an unsupported request is refused with Stripe's message", async () => {
  const error = await errorOf(stripe.customers.list())
  expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError)
  expect(error).toMatchObject({ statusCode: 404, message: expect.stringContaining('/v1/customers') })
  const json = await fetch(`${sandbox.url}/v1/refunds`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': 'application/xml' },
    body: '<refund/>',
  })
  expect(json.status).toBe(400)
  expect(await json.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
})

test.each([
  ['down', Stripe.errors.StripeConnectionError, undefined],
  ['unavailable', Stripe.errors.StripeAPIError, 503],
  ['limited', Stripe.errors.StripeRateLimitError, 429],
])(
  'a gateway that is %s executes nothing, and the ledger remains readable',
  async (mode, kind, statusCode) => {
    const params = purchase('pm_card_visa')
    const options = { idempotencyKey: `while-${mode}` }
    await sandbox.setFault({ mode })
    const error = await errorOf(stripe.paymentIntents.create(params, options))
    expect(error).toBeInstanceOf(kind)
    expect(error.statusCode).toBe(statusCode)
    expect(await sandbox.ledger(params.metadata.orderId)).toEqual({ entries: [], totals: [] })
    await sandbox.setFault({ mode: 'ok' })
    expect((await stripe.paymentIntents.create(params, options)).status).toBe('succeeded')
  },
)

test("a slow gateway responds after an impatient caller's timeout", async () => {
  await sandbox.setFault({ mode: 'slow', delayMs: 60_000 })
  expect(await errorOf(stripe.paymentIntents.list({}, { timeout: 100 }))).toBeInstanceOf(
    Stripe.errors.StripeConnectionError,
  )
  await sandbox.setFault({ mode: 'slow', delayMs: 50 })
  const startedAt = performance.now()
  await stripe.paymentIntents.list()
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(45)
})

test('an unknown fault is refused', async () => {
  expect((await sandbox.setFault({ mode: 'sideways' })).status).toBe(400)
  expect((await sandbox.setFault({ mode: 'slow', delayMs: -1 })).status).toBe(400)
  expect(await (await fetch(`${sandbox.url}/sandbox/faults`)).json()).toEqual({ mode: 'ok' })
})

test('the ledger is summed by order, with payments without an order under null', async () => {
  const params = { ...purchase('pm_card_visa'), metadata: { orderId: 'with & "signs"' } }
  await stripe.paymentIntents.create(params)
  const { metadata: _, ...anonymous } = params
  await stripe.paymentIntents.create({ ...anonymous, currency: 'eur', amount: 700 })
  const one = await sandbox.ledger('with & "signs"')
  expect(one.entries).toMatchObject([
    {
      entryId: expect.any(Number),
      kind: 'charge',
      orderId: 'with & "signs"',
      at: expect.stringMatching(/Z$/),
    },
  ])
  const all = await sandbox.ledger()
  expect(all.totals).toContainEqual({
    orderId: 'with & "signs"',
    currency: 'usd',
    captured: 5_000,
    refunded: 0,
    successfulCharges: 1,
  })
  expect(all.totals).toContainEqual({
    orderId: null,
    currency: 'eur',
    captured: 700,
    refunded: 0,
    successfulCharges: 1,
  })
  expect((await fetch(`${sandbox.url}/ledger?order=1`)).status).toBe(400)
})

test('the page shows the latest payments and escapes their markup', async () => {
  await stripe.paymentIntents.create({
    ...purchase('pm_card_visa', 12_345),
    metadata: { orderId: '<script>alert(1)</script>' },
  })
  await errorOf(stripe.paymentIntents.create(purchase('pm_card_visa_chargeDeclinedInsufficientFunds')))
  const page = await (await fetch(sandbox.url)).text()
  expect(page).toContain('$123.45')
  expect(page).toContain('declined: insufficient_funds')
  expect(page).not.toContain('<script>')
})

test('it stops despite callers that will never be answered', async () => {
  const pauses = createPauses()
  const other = await startSandbox({ pause: pauses.pause })
  const silence = errorOf(other.stripe.paymentIntents.create(purchase('pm_sandbox_timeout_then_succeeded')))
  const late = errorOf(other.stripe.paymentIntents.create(purchase('pm_sandbox_slow_600000')))
  await until(async () => expect((await other.ledger()).entries.length).toBe(1))
  await until(() => expect(pauses.count).toBe(1))
  await other.stop()
  expect(await silence).toBeInstanceOf(Stripe.errors.StripeConnectionError)
  expect(await late).toBeInstanceOf(Stripe.errors.StripeError)
})
