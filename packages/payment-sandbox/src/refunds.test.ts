import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorOf, purchase, startSandbox } from './sandbox-probe.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let stripe: Stripe

beforeAll(async () => {
  sandbox = await startSandbox()
  stripe = sandbox.stripe
})
afterAll(() => sandbox.stop())

async function pay() {
  const params = purchase('pm_card_visa')
  const { id } = await stripe.paymentIntents.create(params)
  return { id, orderId: params.metadata.orderId }
}

test('a refund without an amount returns the whole payment', async () => {
  const { id, orderId } = await pay()
  const refund = await stripe.refunds.create({
    payment_intent: id,
    reason: 'requested_by_customer',
    metadata: { why: 'rain' },
  })
  expect(refund).toMatchObject({
    id: expect.stringMatching(/^re_\w{24}$/),
    object: 'refund',
    amount: 5_000,
    currency: 'usd',
    payment_intent: id,
    charge: expect.stringMatching(/^ch_/),
    reason: 'requested_by_customer',
    status: 'succeeded',
    metadata: { why: 'rain' },
  })
  expect(await stripe.refunds.retrieve(refund.id)).toEqual(refund)
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })
  expect(charge).toMatchObject({ amount_refunded: 5_000, refunded: true })
  const { entries, totals } = await sandbox.ledger(orderId)
  expect(totals).toEqual([
    { orderId, currency: 'usd', captured: 5_000, refunded: 5_000, successfulCharges: 1 },
  ])
  expect(entries).toMatchObject([
    { kind: 'charge', amount: 5_000, paymentIntentId: id, refundId: null },
    { kind: 'refund', amount: 5_000, paymentIntentId: id, refundId: refund.id },
  ])
})

test('a payment can be refunded in parts, but never beyond its amount', async () => {
  const { id, orderId } = await pay()
  const first = await stripe.refunds.create({ payment_intent: id, amount: 2_000 })
  const tooMuch = await errorOf(stripe.refunds.create({ payment_intent: id, amount: 3_001 }))
  expect(tooMuch).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError)
  expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount' })
  expect(tooMuch.message).toBe('Refund amount ($30.01) is greater than unrefunded amount on charge ($30.00)')
  const rest = await stripe.refunds.create({ payment_intent: id })
  expect(rest.amount).toBe(3_000)
  expect(await errorOf(stripe.refunds.create({ payment_intent: id }))).toMatchObject({
    code: 'charge_already_refunded',
  })
  expect((await stripe.refunds.list({ payment_intent: id })).data.map((refund) => refund.id)).toEqual([
    rest.id,
    first.id,
  ])
  expect((await sandbox.ledger(orderId)).totals).toMatchObject([{ captured: 5_000, refunded: 5_000 }])
})

test('twenty concurrent refunds of a fifth each return no more than was paid', async () => {
  const { id, orderId } = await pay()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => stripe.refunds.create({ payment_intent: id, amount: 1_000 })),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect((await sandbox.ledger(orderId)).totals).toMatchObject([{ captured: 5_000, refunded: 5_000 }])
})

test('a refund is repeatable under its key', async () => {
  const { id, orderId } = await pay()
  const refund = () =>
    stripe.refunds.create({ payment_intent: id, amount: 100 }, { idempotencyKey: `refund-of-${id}` })
  const [first, second] = [await refund(), await refund()]
  expect(second).toEqual(first)
  expect((await sandbox.ledger(orderId)).totals).toMatchObject([{ refunded: 100 }])
})

test('a refund can name the charge, and expand its payment', async () => {
  const { id } = await pay()
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(id)
  const refund = await stripe.refunds.create({
    charge: String(charge),
    expand: ['charge', 'payment_intent.latest_charge'],
  })
  expect(refund).toMatchObject({
    charge: { id: charge, refunded: true },
    payment_intent: { id, latest_charge: { id: charge } },
  })
})

test('an unpaid intent cannot be refunded', async () => {
  const declined = await errorOf(stripe.paymentIntents.create(purchase('pm_card_visa_chargeDeclined')))
  const waiting = await stripe.paymentIntents.create({ amount: 500, currency: 'usd' })
  for (const id of [String(declined.payment_intent?.id), waiting.id]) {
    const error = await errorOf(stripe.refunds.create({ payment_intent: id }))
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError)
    expect(error.message).toBe(`This PaymentIntent (${id}) does not have a successful charge to refund.`)
  }
})

test('unknown ids and invalid amounts are refused', async () => {
  const { id } = await pay()
  expect(await errorOf(stripe.refunds.create({ payment_intent: 'pi_nobody' }))).toMatchObject({
    statusCode: 400,
    code: 'resource_missing',
  })
  expect(await errorOf(stripe.refunds.create({ charge: 'ch_nobody' }))).toMatchObject({
    statusCode: 400,
    code: 'resource_missing',
  })
  expect(await errorOf(stripe.refunds.retrieve('re_nobody'))).toMatchObject({
    statusCode: 404,
    code: 'resource_missing',
  })
  expect(await errorOf(stripe.refunds.create({ payment_intent: id, amount: -5 }))).toMatchObject({
    code: 'parameter_invalid_integer',
  })
  expect(await errorOf(stripe.refunds.create({}))).toMatchObject({ code: 'parameter_missing' })
})
