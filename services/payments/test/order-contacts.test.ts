import { randomUUID } from 'node:crypto'
import {
  type ContactChangeId,
  type EventId,
  type OrderId,
  orderContactChanged,
  orderContactRequested,
  paymentsContactRoutes,
  paymentsInternalRoutes,
  type UserId,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { ticketTypeId } from './stubs.ts'

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]

let payments: TestService
/** A buyer for this test only: a buyer's requests per day are limited. */
let buyer: TestService['client']
let buyerHeaders: Record<string, string>
let orderId: OrderId
const eventId = randomUUID() as EventId
const organizerId = randomUUID() as UserId
beforeAll(async () => {
  payments = await startService()
  payments.catalog.events.set(eventId, { organizerId })
})
beforeEach(async () => {
  buyerHeaders = (await payments.authority.user()).headers
  buyer = payments.clientOf(buyerHeaders)
  orderId = await orderedBy(buyer)
})
afterEach(() => {
  payments.clock.aheadMs = 0
})
afterAll(() => payments.stop())

/** An order of one ticket, and what its buyer says beside that. */
const place = (
  client: TestService['client'],
  {
    key,
    later,
    ...more
  }: { key?: string; later?: boolean; contactEmail?: string; paymentToken?: string } = {},
) =>
  client.createOrder({
    headers: { 'idempotency-key': key ?? randomUUID(), ...(later && { prefer: 'respond-async' }) },
    body: {
      ...{
        eventId,
        ticketRequests: [{ ticketTypeId, quantity: 1 }],
        paymentToken: 'pm_card_visa',
        holderName: 'Zofia Łącka',
      },
      ...more,
    },
  })
async function orderedBy(client: TestService['client']): Promise<OrderId> {
  const answer = await place(client)
  expect(answer.status).toBe(201)
  return orderIdOf(answer)
}
const newAddress = () => `${randomUUID().slice(0, 8)}@customers.example`
const asNotifications = async () => payments.authority.service('notification-service', 'payment-service')
const links = async () => injectClient(payments.app, paymentsContactRoutes, await asNotifications())
const ask = (email: string, of = orderId) =>
  buyer.setOrderContact({ params: { orderId: of }, body: { email } })
const clear = () => buyer.clearOrderContact({ params: { orderId } })
const follow = async (changeId: ContactChangeId, act: 'CONFIRM' | 'DISOWN' | 'UNDO') =>
  (await (await links()).settleContactChange({ params: { changeId }, body: { act } })).body.outcome
const linkState = async (changeId: ContactChangeId) =>
  (await (await links()).getContactChange({ params: { changeId } })).body
async function contact() {
  const answer = await buyer.getOrder({ params: { orderId } })
  if (answer.status !== 200) throw new Error('no such order')
  return answer.body.contact
}
/** The address that the notification service gets for the order's mails. */
async function contactForMails() {
  const { body } = await injectClient(
    payments.app,
    paymentsInternalRoutes,
    await asNotifications(),
  ).getOrderInfos({
    body: { orderIds: [orderId] },
  })
  return body.orders[0]?.contactEmail
}
async function asked(email: string): Promise<ContactChangeId> {
  expect(await ask(email)).toMatchObject({ status: 202, body: { orderId, contact: { pendingEmail: email } } })
  const { payload } = await payments.probe.waitFor(
    orderContactRequested,
    (message) => message.payload.email === email,
  )
  return payload.changeId
}
async function moved(email: string): Promise<ContactChangeId> {
  const changeId = await asked(email)
  expect(await follow(changeId, 'CONFIRM')).toBe('DONE')
  return changeId
}
const publishedFor = async (changeId: ContactChangeId) =>
  (await payments.probe.waitFor(orderContactChanged, (message) => message.payload.changeId === changeId))
    .payload

describe('an address for one order', () => {
  test('is its contact once confirmed, in normalized spelling, and the account is notified', async () => {
    expect(await contact()).toBeUndefined()
    const email = newAddress()
    expect(await ask(` Zofia <${email.toUpperCase()}> `)).toMatchObject({
      status: 202,
      body: { contact: { pendingEmail: email } },
    })
    const { payload } = await payments.probe.waitFor(
      orderContactRequested,
      (message) => message.payload.email === email,
    )
    expect(payload).toMatchObject({ orderId, orderNumber: expect.stringMatching(/^ORD-/) })
    expect(await contactForMails()).toBeUndefined()
    expect(await linkState(payload.changeId)).toEqual({ confirmable: true, undoable: false })

    for (let times = 0; times < 2; times++) expect(await follow(payload.changeId, 'CONFIRM')).toBe('DONE')
    expect(await contact()).toEqual({ email })
    expect(await contactForMails()).toBe(email)
    expect(await publishedFor(payload.changeId)).toMatchObject({
      orderId,
      email: null,
      undoUntil: expect.any(Date),
    })
    expect(
      payments.probe.received(orderContactChanged).filter((message) => message.payload.orderId === orderId),
    ).toHaveLength(1)
    expect(await linkState(payload.changeId)).toEqual({ confirmable: false, undoable: true })
  })

  test('changes again, and the reader of the previous one is notified', async () => {
    const [first, second] = [newAddress(), newAddress()]
    await moved(first)
    const changeId = await moved(second)
    expect(await contact()).toEqual({ email: second })
    expect(await publishedFor(changeId)).toMatchObject({ email: first })
  })

  test('cannot be requested by a stranger, an organizer, or a buyer without a proven address', async () => {
    const params = { orderId }
    const body = { email: newAddress() }
    for (const userId of [randomUUID(), organizerId]) {
      const client = payments.clientOf((await payments.authority.user(['USER', 'ORGANIZER'], userId)).headers)
      expect(await client.setOrderContact({ params, body })).toMatchObject({ status: 404 })
      expect(await client.clearOrderContact({ params })).toMatchObject({ status: 404 })
    }
    const unproven = await payments.authority.user(['USER'], randomUUID(), { emailVerified: false })
    const client = payments.clientOf(unproven.headers)
    await expect(client.setOrderContact({ params, body })).rejects.toMatchObject({ status: 403 })
    await expect(client.clearOrderContact({ params })).rejects.toMatchObject({ status: 403 })
    expect(await contact()).toBeUndefined()
  })

  test('is shown to its buyer alone', async () => {
    const email = newAddress()
    await moved(email)
    const organizer = payments.clientOf(
      (await payments.authority.user(['USER', 'ORGANIZER'], organizerId)).headers,
    )
    const answers = [
      await organizer.getOrder({ params: { orderId } }),
      await organizer.listOrders({ query: { limit: 100, eventId } }),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(JSON.stringify(answer.body)).toContain(orderId)
      expect(JSON.stringify(answer.body)).not.toContain(email)
    }
    const own = await buyer.listOrders({ query: { limit: 100 } })
    expect(JSON.stringify(own.body)).toContain(email)
  })
})

describe('a link', () => {
  test('ends when another is requested, it is refused or expired, or the account takes over', async () => {
    const first = await asked(newAddress())
    const second = await asked(newAddress())
    expect(await follow(first, 'CONFIRM')).toBe('INVALID')
    for (let times = 0; times < 2; times++) expect(await follow(second, 'DISOWN')).toBe('DONE')
    expect(await follow(second, 'CONFIRM')).toBe('INVALID')
    const third = await asked(newAddress())
    expect(await clear()).toMatchObject({ status: 200 })
    expect(await follow(third, 'CONFIRM')).toBe('INVALID')
    const fourth = await asked(newAddress())
    payments.clock.aheadMs = DAY_MS
    expect(await follow(fourth, 'CONFIRM')).toBe('EXPIRED')
    expect(await linkState(fourth)).toEqual({ confirmable: false, undoable: false })
    for (const change of [first, fourth]) expect(await follow(change, 'UNDO')).toBe('INVALID')
    expect(await contactForMails()).toBeUndefined()
    expect(await follow(randomUUID() as ContactChangeId, 'CONFIRM')).toBe('INVALID')
  })

  test('to the current address mails nothing, and cancels a pending change', async () => {
    const email = newAddress()
    await moved(email)
    const waiting = await asked(newAddress())
    expect(await ask(email)).toMatchObject({ status: 202, body: { contact: { email } } })
    expect(await contact()).toEqual({ email })
    expect(await follow(waiting, 'CONFIRM')).toBe('INVALID')
    expect(
      payments.probe.received(orderContactRequested).filter((message) => message.payload.email === email),
    ).toHaveLength(1)
  })

  test('that is followed while another is requested: one of both, never both', async () => {
    const email = newAddress()
    const changeId = await asked(email)
    const [outcome, answer] = await Promise.all([follow(changeId, 'CONFIRM'), ask(newAddress())])
    expect(answer.status).toBe(202)
    expect((await contact())?.email).toBe(outcome === 'DONE' ? email : undefined)
    expect((await contact())?.pendingEmail).toBeDefined()
  })

  test('that is followed twice at once notifies the previous address once', async () => {
    const changeId = await asked(newAddress())
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => follow(changeId, 'CONFIRM')))
    expect(outcomes).toEqual(Array(4).fill('DONE'))
    await publishedFor(changeId)
    const { rows } = await payments.deps.pool.query(
      `select count(*)::int as count from (select body from outbox
         union all select body from message_archive) written
       where body->>'eventType' = 'ORDER_CONTACT_CHANGED' and body->'payload'->>'changeId' = $1`,
      [changeId],
    )
    expect(rows).toEqual([{ count: 1 }])
  })
})

describe('the reader of the previous address', () => {
  test('takes the mails back within a week, undoing all later changes, once', async () => {
    const [first, second] = [newAddress(), newAddress()]
    const change = await moved(first)
    const further = await moved(second)
    const waiting = await asked(newAddress())
    payments.clock.aheadMs = 6 * DAY_MS
    expect(await follow(change, 'UNDO')).toBe('DONE')
    expect(await contactForMails()).toBeUndefined()
    for (const ended of [change, further]) expect(await follow(ended, 'UNDO')).toBe('INVALID')
    for (const ended of [change, further, waiting]) expect(await follow(ended, 'CONFIRM')).toBe('INVALID')
    payments.clock.aheadMs = 0
    expect(await contact()).toBeUndefined()
  })

  test('takes back only what came after: the former contact has the mails again', async () => {
    const [first, second] = [newAddress(), newAddress()]
    const change = await moved(first)
    const further = await moved(second)
    expect(await follow(further, 'UNDO')).toBe('DONE')
    expect(await contact()).toEqual({ email: first })
    expect(await follow(change, 'UNDO')).toBe('DONE')
    expect(await contact()).toBeUndefined()
  })

  test('is too late after a week', async () => {
    const change = await moved(newAddress())
    payments.clock.aheadMs = 7 * DAY_MS + HOUR_MS
    expect(await follow(change, 'UNDO')).toBe('EXPIRED')
    expect(await contactForMails()).toBeDefined()
  })

  test('cannot take the mails back from the account; its buyer is notified', async () => {
    const email = newAddress()
    const first = await moved(newAddress())
    const change = await moved(email)
    expect(await clear()).toMatchObject({ status: 200, body: { orderId } })
    expect(await contact()).toBeUndefined()
    const published = await payments.probe.waitFor(
      orderContactChanged,
      (message) => message.payload.email === email,
    )
    expect(published.payload).toMatchObject({ orderId, undoUntil: null })
    for (const ended of [first, change, published.payload.changeId])
      expect(await follow(ended, 'UNDO')).toBe('INVALID')
    expect(await clear(), 'the same again').toMatchObject({ status: 200 })
  })
})

describe('so many mails a day', () => {
  const limited = { status: 429, body: { error: 'RATE_LIMITED' } }

  test('go out for one order', async () => {
    for (let times = 0; times < 5; times++) expect((await ask(newAddress())).status).toBe(202)
    expect(await ask(newAddress())).toMatchObject(limited)
    const url = `/api/payments/orders/${orderId}/contact`
    const refused = await payments.app.inject({
      method: 'PUT',
      url,
      headers: buyerHeaders,
      payload: { email: newAddress() },
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(DAY_MS / 1_000 - 600)
    expect(await clear(), 'the account gets the mails again all the same').toMatchObject({ status: 200 })
    payments.clock.aheadMs = DAY_MS + HOUR_MS
    expect((await ask(newAddress())).status).toBe(202)
  })

  test('go to one address, for any buyer and concurrently', async () => {
    const email = newAddress()
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const other = payments.clientOf((await payments.authority.user()).headers)
        const of = await orderedBy(other)
        return (await other.setOrderContact({ params: { orderId: of }, body: { email } })).status
      }),
    )
    expect(statuses.toSorted()).toEqual([...Array(5).fill(202), ...Array(3).fill(429)])
  })

  test('go out for one buyer, however many orders they have', async () => {
    for (let order = 0; order < 4; order++) {
      const of = await orderedBy(buyer)
      for (let times = 0; times < 5; times++) expect((await ask(newAddress(), of)).status).toBe(202)
    }
    expect(await ask(newAddress())).toMatchObject(limited)
  })
})

test('changes without effect are deleted after a month, and those in effect are not', async () => {
  const kept = await moved(newAddress())
  const forgotten = await asked(newAddress())
  payments.clock.aheadMs = 31 * DAY_MS
  await asked(newAddress())
  const { rows } = await payments.deps.pool.query(
    'select change_id from order_contact_changes where change_id = any($1::uuid[])',
    [[kept, forgotten]],
  )
  expect(rows).toEqual([{ change_id: kept }])
})

describe('an address that comes with the order', () => {
  const requestsFor = (email: string) =>
    payments.probe.received(orderContactRequested).filter(({ payload }) => payload.email === email)

  test.each([false, true])('is requested once, however often the order is sent, later: %s', async (later) => {
    const [key, contactEmail] = [randomUUID(), newAddress()]
    const first = await place(buyer, { key, contactEmail, later })
    expect(first.status).toBe(later ? 202 : 201)
    orderId = orderIdOf(first)
    const { payload } = await payments.probe.waitFor(
      orderContactRequested,
      (message) => message.payload.email === contactEmail,
    )
    expect(payload.orderId).toBe(orderId)
    expect(await contact()).toEqual({ pendingEmail: contactEmail })
    await clear()
    expect(orderIdOf(await place(buyer, { key, contactEmail, later }))).toBe(orderId)
    expect(await contact()).toBeUndefined()
    expect(requestsFor(contactEmail)).toHaveLength(1)
  })

  test('is refused with the order if its buyer is unproven, and dropped if the order fails', async () => {
    const unproven = payments.clientOf(
      (await payments.authority.user(['USER'], randomUUID(), { emailVerified: false })).headers,
    )
    const contactEmail = newAddress()
    expect(await place(unproven, { contactEmail })).toMatchObject({
      status: 403,
      body: { error: 'EMAIL_NOT_VERIFIED' },
    })
    expect((await unproven.listOrders({ query: { limit: 10 } })).body).toMatchObject({ orders: [] })
    expect((await place(unproven)).status).toBe(201)
    const declined = await place(buyer, { contactEmail, paymentToken: 'pm_card_visa_chargeDeclined' })
    expect(declined.status).toBe(402)
    orderId = orderIdOf(declined)
    expect(await contact()).toBeUndefined()
  })

  test('does not fail the order after too many mails', async () => {
    const contactEmail = newAddress()
    for (let times = 0; times < 5; times++) orderId = orderIdOf(await place(buyer, { contactEmail }))
    expect(await contact()).toEqual({ pendingEmail: contactEmail })
    const sixth = await place(buyer, { contactEmail })
    expect(sixth.status).toBe(201)
    orderId = orderIdOf(sixth)
    expect(await contact()).toBeUndefined()
  })
})
