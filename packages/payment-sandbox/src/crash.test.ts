import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { programArguments } from '@boxoffice/stack/programs'
import { claimPort, createChildren, until } from '@boxoffice/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  errorOf,
  probeSandbox,
  purchase,
  SECRET_KEY,
  startReceiver,
  WEBHOOK_SECRET,
} from './sandbox-probe.ts'

let folder: string
let file: string
const children = createChildren()
const { kill } = children
const receivers: Awaited<ReturnType<typeof startReceiver>>[] = []

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sandbox-crash-'))
  file = path.join(folder, 'sandbox.db')
})
afterEach(async () => {
  await children.end()
  for (const receiver of receivers.splice(0)) await receiver.stop()
  await rm(folder, { recursive: true, force: true })
})

async function start(webhookUrl = '') {
  const port = await claimPort()
  const child = await children.start(programArguments(path.join(import.meta.dirname, 'main.ts')), {
    PORT: String(port),
    SANDBOX_DATABASE: file,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    WEBHOOK_URL: webhookUrl,
    LOG_LEVEL: 'silent',
  })
  return { child, ...probeSandbox(port) }
}

test('payments answered before a SIGKILL are stored to the cent, and their keys still replay', async () => {
  const first = await start()
  const params = purchase('pm_card_visa')
  const paid = await first.stripe.paymentIntents.create(params, { idempotencyKey: 'before-the-kill' })
  await first.stripe.refunds.create({ payment_intent: paid.id, amount: 1_234 })
  const ledger = await first.ledger()
  await kill(first.child, 'SIGKILL')

  const second = await start()
  expect(await second.ledger()).toEqual(ledger)
  expect(ledger.totals).toMatchObject([{ captured: 5_000, refunded: 1_234, successfulCharges: 1 }])
  const replayed = await second.stripe.paymentIntents.create(params, { idempotencyKey: 'before-the-kill' })
  expect(replayed.id).toBe(paid.id)
  expect(replayed.lastResponse.headers).toMatchObject({ 'idempotent-replayed': 'true' })
  expect(await second.ledger()).toEqual(ledger)
})

test('a SIGKILL amid many payments loses no answered payment and charges none twice', async () => {
  const first = await start()
  const orders = Array.from({ length: 300 }, () => purchase('pm_card_visa'))
  const answered: string[] = []
  const waiting = [...orders]
  const buyer = async () => {
    for (let params = waiting.shift(); params !== undefined; params = waiting.shift()) {
      const { orderId } = params.metadata
      const call = first.stripe.paymentIntents.create(params, { idempotencyKey: orderId })
      if (await call.then(Boolean, () => false)) answered.push(orderId)
      if (answered.length === 20) first.child.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: 10 }, buyer))
  expect(answered.length).toBeGreaterThanOrEqual(20)
  expect(answered.length).toBeLessThan(orders.length)

  const second = await start()
  const { totals } = await second.ledger()
  const charged = new Set(totals.map(({ orderId }) => orderId))
  expect(answered.filter((orderId) => !charged.has(orderId))).toEqual([])
  await Promise.all(
    orders.map((params) =>
      second.stripe.paymentIntents.create(params, { idempotencyKey: params.metadata.orderId }),
    ),
  )
  const after = (await second.ledger()).totals
  expect(after).toHaveLength(orders.length)
  expect(
    after.every(({ captured, successfulCharges }) => captured === 5_000 && successfulCharges === 1),
  ).toBe(true)
})

test('a SIGKILL during a slow payment charges nothing and releases its key', async () => {
  const first = await start()
  const slow = purchase('pm_sandbox_slow_600000')
  const calls = [1, 2].map(() =>
    errorOf(first.stripe.paymentIntents.create(slow, { idempotencyKey: 'slow' })),
  )
  // One request is refused because the other is in progress.
  expect((await Promise.race(calls)).code).toBe('idempotency_key_in_use')
  await kill(first.child, 'SIGKILL')
  await Promise.all(calls)

  const second = await start()
  expect((await second.ledger()).entries).toEqual([])
  const paid = await second.stripe.paymentIntents.create(
    { ...slow, payment_method: 'pm_card_visa' },
    { idempotencyKey: 'slow' },
  )
  expect(paid.status).toBe('succeeded')
})

test('webhooks that were pending at a SIGKILL are delivered after it', async () => {
  const receiver = await startReceiver()
  receivers.push(receiver)
  receiver.answerWith(() => 503)
  const first = await start(receiver.url)
  const { id } = await first.stripe.paymentIntents.create(purchase('pm_card_visa'))
  await until(() => expect(receiver.received.length).toBeGreaterThan(0))
  await kill(first.child, 'SIGKILL')
  const before = receiver.received.length
  receiver.answerWith(() => 200)

  const second = await start(receiver.url)
  await until(() => expect(receiver.received.length).toBeGreaterThan(before))
  expect(receiver.received.at(-1)?.event.data.object).toMatchObject({ id })
  await kill(second.child, 'SIGTERM')
  expect(second.child.exitCode).toBe(0)
})

test('it exits with the supervisor that started it', async () => {
  const { child } = await start()
  const ended = once(child, 'exit')
  child.disconnect()
  expect(await ended).toEqual([0, null])
})

test('it does not start without its secrets', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts')], {
    env: { SANDBOX_DATABASE: file },
    stdio: 'ignore',
  })
  onTestFinished(() => kill(child))
  const [code] = await once(child, 'exit')
  expect(code).not.toBe(0)
})

test('the database refuses to rewrite history', async () => {
  const { child, stripe } = await start()
  const { id } = await stripe.paymentIntents.create(purchase('pm_card_visa'))
  await kill(child, 'SIGTERM')
  const database = new DatabaseSync(file)
  expect(() => database.exec('update ledger_entries set amount_minor = 1')).toThrow('only appended')
  expect(() => database.exec('delete from ledger_entries')).toThrow('only appended')
  const again = `insert into ledger_entries (kind, amount_minor, currency, payment_intent_id,
      charge_id, recorded_at_ms)
    select kind, amount_minor, currency, payment_intent_id, charge_id, 0 from ledger_entries
    where payment_intent_id = '${id}'`
  expect(() => database.exec(again)).toThrow('UNIQUE')
  database.close()
})
