import { until } from '@boxoffice/testing'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPauses, errorOf, purchase, startSandbox } from './sandbox-probe.ts'

const PERIOD_MS = 60_000
const pauses = createPauses()
let nowMs = Date.now()
let sandbox: Awaited<ReturnType<typeof startSandbox>>
let stripe: Stripe

beforeAll(async () => {
  sandbox = await startSandbox({ now: () => nowMs, idempotencyPeriodMs: PERIOD_MS, pause: pauses.pause })
  stripe = sandbox.stripe
})
afterAll(() => sandbox.stop())

const chargesOf = async (orderId: string) => (await sandbox.ledger(orderId)).totals[0]?.successfulCharges ?? 0

test('the same key and parameters return the first response again, marked as a replay', async () => {
  const params = purchase('pm_card_visa')
  const options = { idempotencyKey: 'replayed' }
  const first = await stripe.paymentIntents.create(params, options)
  const second = await stripe.paymentIntents.create(params, options)
  expect(second).toEqual(first)
  expect(first.lastResponse.headers).not.toHaveProperty('idempotent-replayed')
  expect(second.lastResponse.headers).toMatchObject({
    'idempotent-replayed': 'true',
    'original-request': first.lastResponse.requestId,
    'idempotency-key': 'replayed',
  })
  expect(second.lastResponse.requestId).not.toBe(first.lastResponse.requestId)
  expect(await chargesOf(params.metadata.orderId)).toBe(1)
})

test('a replay returns the response of that time, not the current state', async () => {
  const params = { amount: 500, currency: 'usd', payment_method: 'pm_card_visa' }
  const { id } = await stripe.paymentIntents.create(params, { idempotencyKey: 'then' })
  await stripe.paymentIntents.confirm(id)
  expect((await stripe.paymentIntents.create(params, { idempotencyKey: 'then' })).status).toBe(
    'requires_confirmation',
  )
})

test('a decline is replayed too', async () => {
  const params = purchase('pm_card_visa_chargeDeclinedInsufficientFunds')
  const first = await errorOf(stripe.paymentIntents.create(params, { idempotencyKey: 'declined' }))
  const second = await errorOf(stripe.paymentIntents.create(params, { idempotencyKey: 'declined' }))
  expect(second).toBeInstanceOf(Stripe.errors.StripeCardError)
  expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true' })
  expect(second.payment_intent).toEqual(first.payment_intent)
})

test('other parameters with a used key are an idempotency error', async () => {
  const params = purchase('pm_card_visa')
  await stripe.paymentIntents.create(params, { idempotencyKey: 'reused' })
  const error = await errorOf(
    stripe.paymentIntents.create({ ...params, amount: 6_000 }, { idempotencyKey: 'reused' }),
  )
  expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
  expect(error).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' })
  expect(
    await errorOf(stripe.refunds.create({ charge: 'ch_1' }, { idempotencyKey: 'reused' })),
  ).toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
  expect(await chargesOf(params.metadata.orderId)).toBe(1)
})

test('of two concurrent requests with one key, one is executed and the other is refused', async () => {
  const params = purchase('pm_sandbox_slow_600000')
  const call = () => stripe.paymentIntents.create(params, { idempotencyKey: 'at-work' })
  const calls = [call(), call()]
  await Promise.race(calls).catch(() => {}) // only the refusal returns before the pause
  pauses.end()
  const outcomes = await Promise.allSettled(calls)
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  expect(refused).toMatchObject([{ statusCode: 409, code: 'idempotency_key_in_use' }])
  expect((await call()).lastResponse.headers).toMatchObject({ 'idempotent-replayed': 'true' })
  expect(await chargesOf(params.metadata.orderId)).toBe(1)
})

test('a refusal before execution is not remembered', async () => {
  const params = purchase('pm_card_nobody')
  await errorOf(stripe.paymentIntents.create(params, { idempotencyKey: 'refused' }))
  const paid = await stripe.paymentIntents.create(
    { ...params, payment_method: 'pm_card_visa' },
    { idempotencyKey: 'refused' },
  )
  expect(paid.status).toBe('succeeded')
})

test('fifty concurrent requests with one key are one charge', async () => {
  const params = purchase('pm_card_visa')
  const intents = await Promise.all(
    Array.from({ length: 50 }, () => stripe.paymentIntents.create(params, { idempotencyKey: 'fifty' })),
  )
  expect(new Set(intents.map(({ id }) => id)).size).toBe(1)
  expect(await chargesOf(params.metadata.orderId)).toBe(1)
})

test('fifty concurrent slow requests with one key are one charge and forty-nine conflicts', async () => {
  const params = purchase('pm_sandbox_slow_600000')
  const errors: unknown[] = []
  const calls = Array.from({ length: 50 }, async () => {
    const call = stripe.paymentIntents.create(params, { idempotencyKey: 'fifty-slow' })
    return call.catch((error) => void errors.push(error))
  })
  await until(() => expect(errors).toHaveLength(49))
  pauses.end()
  await Promise.all(calls)
  expect(errors).toHaveLength(49)
  for (const error of errors) expect(error).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
  expect(await chargesOf(params.metadata.orderId)).toBe(1)
})

test('two hundred concurrent requests with different keys are two hundred charges', async () => {
  const { totals: before } = await sandbox.ledger()
  const intents = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      stripe.paymentIntents.create(purchase('pm_card_visa', 1_000 + index), {
        idempotencyKey: `distinct-${index}`,
      }),
    ),
  )
  expect(new Set(intents.map(({ id }) => id)).size).toBe(200)
  const { totals } = await sandbox.ledger()
  const made = totals.slice(before.length)
  expect(made).toHaveLength(200)
  expect(made.every(({ successfulCharges }) => successfulCharges === 1)).toBe(true)
  expect(made.reduce((sum, { captured }) => sum + captured, 0)).toBe(200 * 1_000 + (199 * 200) / 2)
})

test('a key expires after its retention period', async () => {
  const params = purchase('pm_card_visa')
  const options = { idempotencyKey: 'expired' }
  const first = await stripe.paymentIntents.create(params, options)
  nowMs += PERIOD_MS - 1
  expect((await stripe.paymentIntents.create(params, options)).id).toBe(first.id)
  nowMs += 1
  expect((await stripe.paymentIntents.create(params, options)).id).not.toBe(first.id)
  expect(await chargesOf(params.metadata.orderId)).toBe(2)
})
