import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { purchase, startReceiver, startSandbox } from './sandbox-probe.ts'

let receiver: Awaited<ReturnType<typeof startReceiver>>
let sandbox: Awaited<ReturnType<typeof startSandbox>>

beforeAll(async () => {
  receiver = await startReceiver()
  sandbox = await startSandbox({ webhookUrl: receiver.url })
})
afterAll(async () => {
  await sandbox.stop()
  await receiver.stop()
})

async function charged() {
  const params = purchase('pm_card_visa')
  const { id, latest_charge } = await sandbox.stripe.paymentIntents.create(params)
  return { orderId: params.metadata.orderId, payment_intent: id, charge: latest_charge as string }
}
const dispute = async (orderId: string, status: string) => {
  const response = await sandbox.dispute({ orderId, status })
  return { status: response.status, body: (await response.json()) as { id?: string; error?: string } }
}
/** Returns the events of a charge's dispute in order. */
const toldOf = async (charge: string, count: number) =>
  until(async () => {
    const { data } = await sandbox.stripe.events.list({ limit: 100 })
    const about = data.filter(
      ({ type, data }) =>
        type.startsWith('charge.dispute') && 'charge' in data.object && data.object.charge === charge,
    )
    expect(about).toHaveLength(count)
    const ids = about.map(({ id }) => id)
    expect(receiver.received.filter(({ event }) => ids.includes(event.id))).toHaveLength(count)
    return about.toReversed().map(({ type, data }) => [type, (data.object as { status: string }).status])
  })

test('a disputed charge is lost: both events are published, and the charge shows it', async () => {
  const { orderId, payment_intent, charge } = await charged()
  const opened = await dispute(orderId, 'needs_response')
  expect(opened).toMatchObject({
    status: 200,
    body: {
      id: expect.stringMatching(/^du_/),
      object: 'dispute',
      amount: 5_000,
      currency: 'usd',
      charge,
      payment_intent,
      status: 'needs_response',
    },
  })
  expect(await dispute(orderId, 'lost')).toMatchObject({
    status: 200,
    body: { id: opened.body.id, status: 'lost' },
  })
  expect(await toldOf(charge, 2)).toEqual([
    ['charge.dispute.created', 'needs_response'],
    ['charge.dispute.closed', 'lost'],
  ])
  const { latest_charge } = await sandbox.stripe.paymentIntents.retrieve(payment_intent, {
    expand: ['latest_charge'],
  })
  expect(latest_charge).toMatchObject({ disputed: true })
  expect((await sandbox.ledger(orderId)).totals).toMatchObject([{ captured: 5_000, refunded: 0 }])
})

test('a lost dispute is won later: the money returns, and only that is published', async () => {
  const { orderId, charge } = await charged()
  for (const status of ['lost', 'lost', 'won'])
    expect(await dispute(orderId, status)).toMatchObject({ status: 200, body: { status } })
  expect(await toldOf(charge, 3)).toEqual([
    ['charge.dispute.created', 'needs_response'],
    ['charge.dispute.closed', 'lost'],
    ['charge.dispute.funds_reinstated', 'won'],
  ])
})

test('an inquiry is closed without a winner', async () => {
  const { orderId, charge } = await charged()
  expect(await dispute(orderId, 'warning_closed')).toMatchObject({ status: 200 })
  expect(await toldOf(charge, 2)).toEqual([
    ['charge.dispute.created', 'warning_needs_response'],
    ['charge.dispute.closed', 'warning_closed'],
  ])
})

test('an uncharged order cannot be disputed, and a closed dispute cannot be reopened', async () => {
  expect(await dispute('unknown-order', 'lost')).toMatchObject({
    status: 404,
    body: { error: 'NO_CHARGE' },
  })
  const { orderId } = await charged()
  await dispute(orderId, 'won')
  expect(await dispute(orderId, 'needs_response')).toMatchObject({
    status: 409,
    body: { error: 'NOT_POSSIBLE' },
  })
  expect(await dispute(orderId, 'sideways')).toMatchObject({
    status: 400,
    body: { error: 'VALIDATION_FAILED' },
  })
})
