import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aBrowser } from '../src/contract/requests.ts'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let organizer: Person
let buyer: Person

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person(
    { firstName: 'Zofia', lastName: 'Łącka-Ćwiklińska' },
    { phone: '+48221234567', proven: true },
  )
})
afterAll(() => running?.expectDocumented())

async function confirmedOrder(name: string) {
  const sale = await publishEvent(organizer, { name, quantity: 20, unitPrice: 4_000 })
  const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
  await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  // Matches the mail with the tickets: a receipt of the payment may come before it.
  await running.mails.waitFor(
    buyer.email,
    ({ subject, attachments }) =>
      subject.includes(name) && attachments.some(({ contentType }) => contentType === 'application/pdf'),
  )
  return { sale, orderId }
}
const log = async () => expectStatus(await buyer.notifications.listNotifications({ query: {} }), 200)
const mailsAbout = async (name: string) =>
  (await running.mails.list(buyer.email)).filter(({ subject }) => subject.includes(name))
const texts = async () =>
  (
    (await (await fetch(`${running.system.urls.sms}/store`)).json()) as {
      messages: { phoneNumber: string; message: string }[]
    }
  ).messages

describe("the user's notification log", () => {
  test('lists what was sent, counts unread entries, and streams new ones', async () => {
    const leave = new AbortController()
    const watched = await buyer.notifications.watchNotifications({ signal: leave.signal })
    const items = expectStatus(watched, 200)[Symbol.asyncIterator]()
    const first = (await items.next()).value
    const { orderId } = await confirmedOrder('Watched evening')
    let seen = await items.next()
    while (seen.value?.notification?.orderId !== orderId) seen = await items.next()
    expect(seen.value).toMatchObject({ notification: { type: 'ORDER_CONFIRMATION', status: 'SENT' } })
    expect(seen.value.unreadCount).toBeGreaterThan(first.unreadCount)
    leave.abort()

    const { notifications, unreadCount } = await log()
    const newest = notifications.find((each) => each.orderId === orderId)
    expect(newest?.readAt).toBeUndefined()
    const params = { notificationId: newest?.notificationId as never }
    expect(expectStatus(await buyer.notifications.readNotification({ params }), 200).readAt).toBeInstanceOf(
      Date,
    )
    expect((await log()).unreadCount).toBe(unreadCount - 1)
  })
})

describe('preferences', () => {
  test('turn on a receipt that is off by default, and a text message', async () => {
    const { preferences } = expectStatus(await buyer.notifications.getPreferences({}), 200)
    const of = (type: string, channel: string) =>
      preferences.find((each) => each.type === type && each.channel === channel)
    expect(of('PAYMENT_PROCESSED', 'EMAIL')).toMatchObject({ enabled: false, changeable: true })
    expect(of('ORDER_CONFIRMATION', 'EMAIL')).toMatchObject({ enabled: true, changeable: false })
    expect(of('ORDER_CONFIRMATION', 'SMS')).toMatchObject({ enabled: false })

    await confirmedOrder('Before')
    expect((await mailsAbout('Before')).length).toBe(1)
    expect(await texts()).toEqual([])
    const changes = [
      { type: 'PAYMENT_PROCESSED', channel: 'EMAIL', enabled: true },
      { type: 'ORDER_CONFIRMATION', channel: 'SMS', enabled: true },
    ] as const
    expectStatus(await buyer.notifications.updatePreferences({ body: { preferences: [...changes] } }), 200)
    await confirmedOrder('Afterwards')
    await until(async () => {
      const found = await texts()
      expect(found).toMatchObject([
        { phoneNumber: '+48221234567', message: expect.stringContaining('Afterwards') },
      ])
      expect(found[0]?.message).not.toMatch(/Zofia|Łącka/)
      expect((await log()).notifications.filter(({ type }) => type === 'PAYMENT_PROCESSED')).toHaveLength(1)
    })
  })

  test('cannot turn off mandatory mails', async () => {
    const preferences = [{ type: 'ORDER_CONFIRMATION', channel: 'EMAIL', enabled: false }] as const
    expect(
      await buyer.notifications.updatePreferences({ body: { preferences: [...preferences] } }),
    ).toMatchObject({
      status: 400,
    })
  })
})

test('tickets are mailed again on request, a few times', async () => {
  const { orderId } = await confirmedOrder('Lost in the post')
  // The confirmation and the mail's record follow from the same message, in any order.
  await until(async () => expectStatus(await buyer.notifications.resendOrder({ params: { orderId } }), 202))
  await until(async () => {
    const withTickets = (await mailsAbout('Lost in the post')).filter(({ attachments }) =>
      attachments.some(({ contentType }) => contentType === 'application/pdf'),
    )
    expect(withTickets).toHaveLength(2)
  })
  const answers = []
  for (let times = 0; times < 6; times++)
    answers.push((await buyer.notifications.resendOrder({ params: { orderId } })).status)
  expect(answers.at(-1)).toBe(429)
  expect(await organizer.notifications.resendOrder({ params: { orderId } })).toMatchObject({ status: 404 })
})

test('ticket holders are notified when the event moves, and not of a new description', async () => {
  const { sale } = await confirmedOrder('Moving evening')
  const params = { eventId: sale.eventId }
  expectStatus(
    await organizer.events.updateEvent({ params, body: { description: 'Now with a choir.' } }),
    200,
  )
  const eventDate = new Date(sale.event.eventDate.getTime() + 3_600_000)
  expectStatus(
    await organizer.events.updateEvent({
      params,
      body: { eventDate, endDate: new Date(eventDate.getTime() + 3_600_000) },
    }),
    200,
  )
  // By its subject: the receipt that an earlier test turned on is about this event, too.
  const moved = await until(async () => {
    const mails = (await mailsAbout('Moving evening')).filter(({ subject }) => /^New /.test(subject))
    expect(mails).toHaveLength(1)
    return mails[0]
  })
  expect(moved?.subject).toBe('New time: Moving evening')
  expect(moved?.body.text).not.toContain('choir')
})

test("a browser's push subscription is deleted when its owner signs out there, and not before", async () => {
  const person = await running.person({ firstName: 'Piotr', lastName: 'Pchacz' })
  const listed = async () =>
    expectStatus(await person.notifications.listPushSubscriptions({}), 200).subscriptions.map(
      ({ current }) => current,
    )
  expect(expectStatus(await person.notifications.getPushKey({}), 200).publicKey).toMatch(/^[\w-]{87}$/)
  const browser = { ...aBrowser, endpoint: `${aBrowser.endpoint}-who-signs-out` }
  expectStatus(await person.notifications.addPushSubscription({ body: browser }), 201)
  const { refreshToken } = person.session()
  await person.signIn()
  expect(await listed()).toEqual([false])
  expectStatus(await person.auth.logout({ body: { refreshToken } }), 204)
  await until(async () => expect(await listed()).toEqual([]))
})

test('the order status page is at the address that its links have', async () => {
  const answer = await fetch(`${running.edge}/order`)
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain('Show where it stands')
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
