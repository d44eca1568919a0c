import { CHARGE_MAX, CHARGE_MIN } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createPauses, errorOf, purchase, startSandbox } from './sandbox-probe.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let stripe: Stripe

beforeAll(async () => {
  sandbox = await startSandbox()
  stripe = sandbox.stripe
})
afterAll(() => sandbox.stop())

const totalOf = async (orderId: string) => (await sandbox.ledger(orderId)).totals
const charged = (orderId: string, captured = 5_000) => [
  { orderId, currency: 'usd', captured, refunded: 0, successfulCharges: 1 },
]

test.each([
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_sandbox_webhook_twice',
  'pm_sandbox_webhook_never',
  'pm_sandbox_slow_50',
])('%s is charged', async (token) => {
  const params = purchase(token)
  const before = Math.floor(Date.now() / 1_000)
  const intent = await stripe.paymentIntents.create({ ...params, expand: ['latest_charge'] })
  expect(intent).toMatchObject({
    id: expect.stringMatching(/^pi_\w{24}$/),
    object: 'payment_intent',
    status: 'succeeded',
    amount: 5_000,
    amount_received: 5_000,
    currency: 'usd',
    client_secret: expect.stringMatching(/^pi_\w+_secret_\w+$/),
    created: expect.toSatisfy((at: number) => before <= at && at <= Date.now() / 1_000),
    last_payment_error: null,
    livemode: false,
    metadata: params.metadata,
    payment_method: token,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    latest_charge: {
      object: 'charge',
      status: 'succeeded',
      paid: true,
      amount_captured: 5_000,
      outcome: { type: 'authorized' },
    },
  })
  expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId))
})

test.each([
  ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
  ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
  ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
])('%s is declined and costs nothing', async (token, code, declineCode) => {
  const params = purchase(token)
  const error = await errorOf(stripe.paymentIntents.create(params))
  expect(error).toBeInstanceOf(Stripe.errors.StripeCardError)
  expect(error).toMatchObject({
    statusCode: 402,
    code,
    decline_code: declineCode,
    requestId: expect.stringMatching(/^req_/),
  })
  expect(error.payment_intent).toMatchObject({
    status: 'requires_payment_method',
    amount_received: 0,
    payment_method: null,
    last_payment_error: {
      type: 'card_error',
      code,
      decline_code: declineCode,
      payment_method: { id: token },
    },
  })
  const found = await stripe.paymentIntents.retrieve(String(error.payment_intent?.id), {
    expand: ['latest_charge'],
  })
  expect(found.latest_charge).toMatchObject({ status: 'failed', failure_code: code, paid: false })
  expect(await totalOf(params.metadata.orderId)).toEqual([])
})

test('a declined intent can be confirmed with another card', async () => {
  const params = purchase('pm_card_visa_chargeDeclined')
  const error = await errorOf(stripe.paymentIntents.create(params))
  const intent = await stripe.paymentIntents.confirm(String(error.payment_intent?.id), {
    payment_method: 'pm_card_visa',
  })
  expect(intent).toMatchObject({ status: 'succeeded', last_payment_error: null })
  expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId))
})

test.each(['pm_card_authenticationRequired', 'pm_card_threeDSecure2Required'])(
  '%s requires the buyer',
  async (token) => {
    const params = purchase(token)
    const intent = await stripe.paymentIntents.create(params)
    expect(intent).toMatchObject({
      status: 'requires_action',
      next_action: { type: 'use_stripe_sdk' },
      latest_charge: null,
    })
    expect(await totalOf(params.metadata.orderId)).toEqual([])
  },
)

test('a payment that requires an absent buyer is declined', async () => {
  const error = await errorOf(
    stripe.paymentIntents.create({ ...purchase('pm_card_authenticationRequired'), off_session: true }),
  )
  expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' })
})

test('timeout_then_succeeded charges and never responds; a repeat returns the result', async () => {
  const params = purchase('pm_sandbox_timeout_then_succeeded')
  const options = { idempotencyKey: `order:${params.metadata.orderId}:charge` }
  const silence = errorOf(stripe.paymentIntents.create(params, options))
  await until(async () =>
    expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId)),
  )
  expect((await stripe.paymentIntents.create(params, options)).status).toBe('succeeded')
  sandbox.timeOut()
  expect(await silence).toBeInstanceOf(Stripe.errors.StripeConnectionError)
  expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId))
})

test('timeout_then_declined charges nothing and never responds; a repeat returns the result', async () => {
  const params = purchase('pm_sandbox_timeout_then_declined')
  const options = { idempotencyKey: `order:${params.metadata.orderId}:charge` }
  const silence = errorOf(stripe.paymentIntents.create(params, options))
  const query = `metadata['orderId']:'${params.metadata.orderId}'`
  await until(async () => expect((await stripe.paymentIntents.search({ query })).data).toHaveLength(1))
  const decline = await errorOf(stripe.paymentIntents.create(params, options))
  expect(decline).toMatchObject({ statusCode: 402, decline_code: 'generic_decline' })
  sandbox.timeOut()
  expect(await silence).toBeInstanceOf(Stripe.errors.StripeConnectionError)
  expect(await totalOf(params.metadata.orderId)).toEqual([])
})

test('error_after_charge responds 500 after charging; a repeat and a search show the charge', async () => {
  const params = purchase('pm_sandbox_error_after_charge')
  const options = { idempotencyKey: `order:${params.metadata.orderId}:charge` }
  const error = await errorOf(stripe.paymentIntents.create(params, options))
  expect(error).toBeInstanceOf(Stripe.errors.StripeAPIError)
  expect(error.statusCode).toBe(500)
  const found = await stripe.paymentIntents.search({
    query: `metadata['orderId']:'${params.metadata.orderId}'`,
  })
  expect(found.data).toMatchObject([{ status: 'succeeded', amount_received: 5_000 }])
  const repeated = await stripe.paymentIntents.create(params, options)
  expect(repeated.id).toBe(found.data[0]?.id)
  expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId))
})

test('error_before_charge responds 500 and charges nothing; a search finds the intent', async () => {
  const params = purchase('pm_sandbox_error_before_charge')
  const options = { idempotencyKey: `order:${params.metadata.orderId}:charge` }
  const first = await errorOf(stripe.paymentIntents.create(params, options))
  const second = await errorOf(stripe.paymentIntents.create(params, options))
  expect([first.statusCode, second.statusCode]).toEqual([500, 500])
  expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true', 'original-request': first.requestId })
  const found = await stripe.paymentIntents.search({
    query: `metadata['orderId']:'${params.metadata.orderId}'`,
  })
  expect(found.data).toMatchObject([{ status: 'requires_confirmation', latest_charge: null }])
  const canceled = await stripe.paymentIntents.cancel(String(found.data[0]?.id), {
    cancellation_reason: 'abandoned',
  })
  expect(canceled).toMatchObject({
    status: 'canceled',
    cancellation_reason: 'abandoned',
    canceled_at: expect.any(Number),
  })
  expect(await totalOf(params.metadata.orderId)).toEqual([])
})

describe('create, then confirm', () => {
  test('an intent waits for its payment method, then for its confirmation', async () => {
    const bare = await stripe.paymentIntents.create({ amount: 700, currency: 'EUR' })
    expect(bare).toMatchObject({
      status: 'requires_payment_method',
      currency: 'eur',
      amount_received: 0,
      latest_charge: null,
    })
    const attached = await stripe.paymentIntents.create({
      amount: 700,
      currency: 'eur',
      payment_method: 'pm_card_visa',
    })
    expect(attached.status).toBe('requires_confirmation')
    expect((await stripe.paymentIntents.confirm(attached.id)).status).toBe('succeeded')
    expect((await errorOf(stripe.paymentIntents.confirm(bare.id))).code).toBe(
      'payment_intent_unexpected_state',
    )
  })

  test('each fault happens at the confirmation', async () => {
    const { confirm: _, ...params } = purchase('pm_sandbox_timeout_then_succeeded')
    const { id } = await stripe.paymentIntents.create(params)
    expect(await totalOf(params.metadata.orderId)).toEqual([])
    const silence = errorOf(stripe.paymentIntents.confirm(id))
    await until(async () => expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded'))
    sandbox.timeOut()
    expect(await silence).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId))
  })

  test('an intent is charged once, however often and however slowly it is confirmed', async () => {
    const { confirm: _, ...params } = purchase('pm_sandbox_slow_100')
    const { id } = await stripe.paymentIntents.create(params)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => stripe.paymentIntents.confirm(id)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await errorOf(stripe.paymentIntents.confirm(id))).code).toBe('payment_intent_unexpected_state')
    expect(await totalOf(params.metadata.orderId)).toEqual(charged(params.metadata.orderId))
  })

  test('a cancelled intent stays uncharged, even by a confirmation in progress', async () => {
    const pauses = createPauses()
    const slow = await startSandbox({ pause: pauses.pause })
    onTestFinished(slow.stop)
    const { confirm: _, ...params } = purchase('pm_sandbox_slow_600000')
    const { id } = await slow.stripe.paymentIntents.create(params)
    const confirming = errorOf(slow.stripe.paymentIntents.confirm(id))
    await until(() => expect(pauses.count).toBe(1))
    await slow.stripe.paymentIntents.cancel(id)
    pauses.end()
    expect(await confirming).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' })
    expect(await slow.ledger()).toEqual({ entries: [], totals: [] })
  })

  test('a paid intent cannot be cancelled', async () => {
    const { id } = await stripe.paymentIntents.create(purchase('pm_card_visa'))
    const error = await errorOf(stripe.paymentIntents.cancel(id))
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError)
    expect(error).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: { id, status: 'succeeded' },
    })
  })
})

const refusals: [string, object, object][] = [
  ['an amount below the minimum', { amount: 49 }, { code: 'amount_too_small', param: 'amount' }],
  [
    '15 crowns less a heller',
    { amount: 1_499, currency: 'czk' },
    { code: 'amount_too_small', param: 'amount' },
  ],
  [
    'two and a half kroner less an øre',
    { amount: 249, currency: 'dkk' },
    { code: 'amount_too_small', param: 'amount' },
  ],
  ['an amount of zero', { amount: 0 }, { code: 'parameter_invalid_integer', param: 'amount' }],
  [
    'an amount that is not an integer',
    { amount: 50.5 },
    { code: 'parameter_invalid_integer', param: 'amount' },
  ],
  ['an amount beyond the maximum', { amount: 100_000_000 }, { code: 'amount_too_large', param: 'amount' }],
  ['no amount', { amount: undefined }, { code: 'parameter_missing', param: 'amount' }],
  ['an unknown currency', { currency: 'xxq' }, { param: 'currency' }],
  [
    'an unknown token',
    { payment_method: 'pm_card_nobody' },
    { code: 'resource_missing', param: 'payment_method' },
  ],
  [
    'a token that is a property name in JavaScript',
    { payment_method: 'constructor' },
    { code: 'resource_missing' },
  ],
  [
    'a confirmation without a payment method',
    { payment_method: undefined },
    { code: 'parameter_missing', param: 'payment_method' },
  ],
  ['an unknown parameter', { colour: 'red' }, { code: 'parameter_unknown', param: 'colour' }],
  ['a manual capture', { capture_method: 'manual' }, { param: 'capture_method' }],
  ['metadata that is too long', { metadata: { orderId: 'x'.repeat(501) } }, { param: 'metadata[orderId]' }],
  ['an unknown property to expand', { expand: ['colour'] }, { param: 'expand[]' }],
]

test.each(Object.entries(CHARGE_MIN))(
  'the minimum that we charge in %s is charged, and one less is refused',
  async (currency, amount) => {
    const intent = (amount: number) => ({
      ...purchase('pm_card_visa'),
      currency: currency.toLowerCase(),
      amount,
    })
    expect(await stripe.paymentIntents.create(intent(amount))).toMatchObject({ status: 'succeeded', amount })
    expect(await errorOf(stripe.paymentIntents.create(intent(amount - 1)))).toMatchObject({
      code: 'amount_too_small',
    })
    expect(await stripe.paymentIntents.create(intent(CHARGE_MAX))).toMatchObject({ status: 'succeeded' })
    expect(await errorOf(stripe.paymentIntents.create(intent(CHARGE_MAX + 1)))).toMatchObject({
      code: 'amount_too_large',
    })
  },
)

test.each(refusals)('%s is refused and stores nothing', async (_name, change, expected) => {
  const before = await stripe.paymentIntents.list({ limit: 1 })
  const error = await errorOf(stripe.paymentIntents.create({ ...purchase('pm_card_visa'), ...change }))
  expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError)
  expect(error).toMatchObject({ statusCode: 400, ...expected })
  expect((await stripe.paymentIntents.list({ limit: 1 })).data).toEqual(before.data)
})

test('an unknown intent is not found', async () => {
  for (const call of [
    stripe.paymentIntents.retrieve('pi_nobody'),
    stripe.paymentIntents.confirm('pi_nobody'),
    stripe.paymentIntents.cancel('pi_nobody'),
  ])
    expect(await errorOf(call)).toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'intent' })
})
