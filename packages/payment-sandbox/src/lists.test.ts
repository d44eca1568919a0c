import type Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorOf, purchase, startSandbox } from './sandbox-probe.ts'

const START_SECONDS = 1_800_000_000
let nowMs = START_SECONDS * 1000
let sandbox: Awaited<ReturnType<typeof startSandbox>>
let stripe: Stripe
/** Newest first, one per second. */
let ids: string[]

beforeAll(async () => {
  sandbox = await startSandbox({ now: () => nowMs })
  stripe = sandbox.stripe
  ids = []
  for (let count = 0; count < 25; count++) {
    const { id } = await stripe.paymentIntents.create({
      ...purchase('pm_card_visa'),
      metadata: { orderId: `order-${count}`, shop: `it's "ours"` },
    })
    ids.unshift(id)
    nowMs += 1_000
  }
})
afterAll(() => sandbox.stop())

const idsOf = (list: { data: { id: string }[] }) => list.data.map(({ id }) => id)

test('a list returns the newest ten and that there are more', async () => {
  const list = await stripe.paymentIntents.list()
  expect(idsOf(list)).toEqual(ids.slice(0, 10))
  expect(list).toMatchObject({ object: 'list', has_more: true, url: '/v1/payment_intents' })
})

test('a list can be paged in both directions', async () => {
  const older = await stripe.paymentIntents.list({ limit: 20, starting_after: ids[9] })
  expect(idsOf(older)).toEqual(ids.slice(10))
  expect(older.has_more).toBe(false)
  const newer = await stripe.paymentIntents.list({ limit: 5, ending_before: ids[9] })
  expect(idsOf(newer)).toEqual(ids.slice(4, 9))
  expect(newer.has_more).toBe(true)
})

test("the SDK's own paging finds every item once", async () => {
  expect(
    idsOf({ data: await stripe.paymentIntents.list({ limit: 7 }).autoPagingToArray({ limit: 100 }) }),
  ).toEqual(ids)
})

test('a list can be filtered by creation time', async () => {
  expect(
    idsOf(await stripe.paymentIntents.list({ created: { gte: START_SECONDS + 20, lt: START_SECONDS + 23 } })),
  ).toEqual(ids.slice(2, 5))
  expect(idsOf(await stripe.paymentIntents.list({ created: START_SECONDS }))).toEqual(ids.slice(-1))
})

test('a list can expand its charges', async () => {
  const { data } = await stripe.paymentIntents.list({ limit: 2, expand: ['data.latest_charge'] })
  expect(data).toMatchObject([
    { latest_charge: { object: 'charge' } },
    { latest_charge: { object: 'charge' } },
  ])
})

test.each([
  [{ limit: 0 }, { param: 'limit' }],
  [{ limit: 101 }, { param: 'limit' }],
  [{ starting_after: 'pi_nobody' }, { code: 'resource_missing', param: 'starting_after' }],
  [{ created: { around: 1 } }, { code: 'parameter_unknown' }],
])('a list with %j is refused', async (params, expected) => {
  expect(await errorOf(stripe.paymentIntents.list(params as Stripe.PaymentIntentListParams))).toMatchObject(
    expected,
  )
})

test('a search by metadata finds a payment at once', async () => {
  const found = await stripe.paymentIntents.search({ query: `metadata['orderId']:'order-7'` })
  expect(idsOf(found)).toEqual([ids.at(-8)])
  expect(found).toMatchObject({ object: 'search_result', has_more: false, next_page: null })
  expect((await stripe.paymentIntents.search({ query: `metadata["orderId"]:"order-700"` })).data).toEqual([])
})

test('a search joins terms, unescapes quotes, and pages', async () => {
  const query = `status:'succeeded' AND metadata['shop']:'it\\'s "ours"'`
  const all = await stripe.paymentIntents.search({ query, limit: 10 }).autoPagingToArray({ limit: 100 })
  expect(idsOf({ data: all })).toEqual(ids)
  expect((await stripe.paymentIntents.search({ query: `${query} AND status:'canceled'` })).data).toEqual([])
})

test.each([
  `orderId:'order-7'`,
  `metadata['orderId']:'a`,
  `metadata['orderId']:'a' AND`,
  `status:'succeeded' OR status:'canceled'`,
  ' ',
])('a search for %s is refused', async (query) => {
  expect(await errorOf(stripe.paymentIntents.search({ query }))).toMatchObject({
    statusCode: 400,
    param: 'query',
  })
})
