import {
  eventUpdated,
  orderStatusChanged,
  type Payload,
  paymentFailed,
  ticketsGenerated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decrypted } from './fake-push.ts'
import { startProcess } from './process.ts'
import { failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
type Browser = ReturnType<TestService['pushes']['browser']>
/** A user of whom so many browsers get pushes, each as it is set. */
async function userWith(
  modes: readonly Browser['mode'][],
  of = service,
): Promise<{ user: User; browsers: Browser[] }> {
  const user = await of.user({ locale: 'en' })
  const browsers = modes.map((mode) => Object.assign(of.pushes.browser(), { mode }))
  for (const { subscription } of browsers) {
    expect((await of.client(user.headers).addPushSubscription({ body: subscription })).status).toBe(201)
  }
  return { user, browsers }
}
const pushOf = async ({ userId }: User, of = service) =>
  (await of.rows(userId)).find(({ channel }) => channel === 'PUSH')
const pushIs = (user: User, row: object, of = service) =>
  until(async () => expect(await pushOf(user, of)).toMatchObject(row))
/** Its time comes, and what is known of devices that wait for it is changed. */
const makeDue = ({ userId }: User, waiting: { notBefore: null; failedSince?: Date }) =>
  service.deps.pool.query(
    `update notifications n set next_attempt_at = clock_timestamp() - interval '1 second', pushed = (
       select jsonb_object_agg(key, 
         case jsonb_typeof(value) when 'object' then value || $2::jsonb else value end)
       from jsonb_each(n.pushed))
     where recipient_id = $1 and channel = 'PUSH'`,
    [userId, JSON.stringify(waiting)],
  )
const countOf = async (user: User) =>
  (await service.client(user.headers).listPushSubscriptions({})).body.subscriptions.length

test('what a browser decrypts is what RFC 8291 says of its example', () => {
  const keys = { auth: Buffer.from('BTBZMqHH6r4Tts7J_aSIgg', 'base64url') }
  const message =
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY' +
    'WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS' +
    'gSxsj_Qulcy4a-fN'
  const ecdh = service.pushes.browser().keys
  ecdh.setPrivateKey(Buffer.from('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94', 'base64url'))
  expect(decrypted(Buffer.from(message, 'base64url'), { ...keys, keys: ecdh }).toString()).toBe(
    'When I grow up, I want to be a watermelon',
  )
})

test('each browser of a user reads what happened, and nothing that is private', async () => {
  const { user, browsers } = await userWith(['ok', 'ok', 'ok'])
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  await pushIs(user, {
    status: 'SENT',
    subject: 'Święto Świateł: your tickets are in your mailbox.',
    pushed: null,
  })
  const row = await pushOf(user)
  for (const { read, errors } of browsers) {
    expect(errors).toEqual([])
    expect(read).toHaveLength(1)
    const [push] = read
    expect(push?.content).toEqual({
      title: 'Your tickets',
      body: 'Święto Świateł: your tickets are in your mailbox.',
      url: 'https://boxoffice.example/',
      tag: expect.stringMatching(/^[\w-]{32}$/),
      notificationId: row?.id,
    })
    expect(push?.headers).toMatchObject({ ttl: '259200', urgency: 'normal', topic: push?.content.tag })
    expect(push?.sub).toBe('mailto:help@boxoffice.example')
    expect(push?.publicKey).toBe(service.deps.push?.publicKey)
    // Its length says little of what is in it.
    expect(push?.bytes).toBe(86 + 512 + 17)
  }
  const [device] = (await service.client(user.headers).listPushSubscriptions({})).body.subscriptions
  expect(device?.lastUsedAt).toBeInstanceOf(Date)
  const log = await service.client(user.headers).listNotifications({ query: {} })
  expect(log.body.notifications.map(({ channel }) => channel).sort()).toEqual(['EMAIL', 'PUSH'])
})

test('who has no browser, or turned a type off, has no push and no trace of one', async () => {
  const { user } = await userWith(['ok'])
  const stranger = await service.user()
  const off = { type: 'PAYMENT_FAILED', channel: 'PUSH', enabled: false } as const
  expect(
    (await service.client(user.headers).updatePreferences({ body: { preferences: [off] } })).status,
  ).toBe(200)
  for (const one of [user, stranger]) {
    await service.publish(paymentFailed, failedFor(one, service))
    await until(async () =>
      expect(await service.rows(one.userId)).toMatchObject([{ channel: 'EMAIL', status: 'SENT' }]),
    )
  }
})

test('pushes about orders go to users who enabled them, and a newer one replaces the last', async () => {
  const { user, browsers } = await userWith(['ok'])
  const on = { type: 'ORDER_STATUS_CHANGED', channel: 'PUSH', enabled: true } as const
  await service.client(user.headers).updatePreferences({ body: { preferences: [on] } })
  const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
  const steps = ['PAID', 'CONFIRMED'] as const
  for (const [index, status] of steps.entries()) {
    service.world.order = { status }
    const payload: Payload<typeof orderStatusChanged> = {
      orderId,
      orderNumber,
      userId,
      eventId,
      previousStatus: 'PENDING',
      status,
    }
    await service.publish(orderStatusChanged, payload)
    await until(() => expect(browsers[0]?.read).toHaveLength(index + 1))
  }
  service.world.order = {}
  const read = browsers[0]?.read ?? []
  expect(read.map(({ content }) => content.body)).toEqual([
    'Święto Świateł: your order is paid.',
    'Święto Świateł: your order is confirmed.',
  ])
  expect(new Set(read.map(({ headers }) => headers.topic)).size).toBe(1)
  expect(read[0]?.headers.urgency).toBe('low')
})

test('quiet hours hold a push up', async () => {
  const { user, browsers } = await userWith(['ok'])
  const now = new Date()
  const time = (hours: number) => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:30`
  const quietHours = { start: time(-2), end: time(2), timeZone: 'UTC' }
  await service.client(user.headers).updatePreferences({ body: { preferences: [], quietHours } })
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  await pushIs(user, { status: 'PENDING' })
  expect((await pushOf(user))?.nextAttemptAt.toISOString().slice(11, 16)).toBe(quietHours.end)
  expect(browsers[0]?.read).toEqual([])
})

describe('a push service that says', () => {
  test.each([404, 410])('%i has the browser forgotten, and the others read it', async (status) => {
    const { user, browsers } = await userWith(['ok', { status }])
    await service.publish(paymentFailed, failedFor(user, service))
    await pushIs(user, { status: 'SENT' })
    expect(browsers[0]?.read).toHaveLength(1)
    expect(await countOf(user)).toBe(1)
  })

  test.each([
    [410, 'DEVICES_GONE', 0],
    [413, 'PUSH_TOO_LARGE', 1],
    [403, 'PUSH_REFUSED', 1],
    // Redirects are not followed.
    [307, 'PUSH_REFUSED', 1],
  ])('%i alone is a failure that says so: %s', async (status, reason, left) => {
    const elsewhere = service.pushes.browser()
    const { user, browsers } = await userWith([
      { status, headers: { location: elsewhere.subscription.endpoint } },
    ])
    await service.publish(paymentFailed, failedFor(user, service))
    await pushIs(user, { status: 'FAILED', failureReason: reason, pushed: null })
    expect(await countOf(user)).toBe(left)
    const endpoint = new URL(browsers[0]?.subscription.endpoint ?? '').pathname
    expect(service.pushes.asked.filter((asked) => asked === endpoint)).toHaveLength(1)
    expect(elsewhere.read).toEqual([])
    const log = await service.client(user.headers).listNotifications({ query: {} })
    const failed = log.body.notifications.find(({ channel }) => channel === 'PUSH')
    expect(failed?.failure).toMatchObject({ reason, message: expect.stringContaining('device') })
  })

  test.each([429, 503])('%i is retried when allowed, and no other device is', async (status) => {
    const { user, browsers } = await userWith(['ok', { status, headers: { 'retry-after': '600' } }])
    await service.publish(paymentFailed, failedFor(user, service))
    await pushIs(user, { status: 'SENDING', lease: null })
    const waitMs = ((await pushOf(user))?.nextAttemptAt.getTime() ?? 0) - Date.now()
    expect(waitMs).toBeGreaterThan(500_000)
    expect(waitMs).toBeLessThanOrEqual(600_000)
    Object.assign(browsers[1] as Browser, { mode: 'ok' })
    await makeDue(user, { notBefore: null })
    await pushIs(user, { status: 'SENT' })
    expect(browsers.map(({ read }) => read.length)).toEqual([1, 1])
  })

  test('it wants to wait holds up none of the others', async () => {
    const { user, browsers } = await userWith([
      { status: 503, headers: { 'retry-after': '600' } },
      { status: 503 },
    ])
    const [slow, broken] = browsers as [Browser, Browser]
    await service.publish(paymentFailed, failedFor(user, service))
    const askedOf = ({ subscription: { endpoint } }: Browser) =>
      service.pushes.asked.filter((asked) => endpoint.endsWith(asked)).length
    await until(() => expect(askedOf(broken)).toBeGreaterThan(1))
    broken.mode = 'ok'
    await until(() => expect(broken.read).toHaveLength(1))
    expect(askedOf(slow)).toBe(1)
    await until(async () => {
      const row = await pushOf(user)
      expect(row).toMatchObject({ status: 'SENDING', lease: null })
      expect((row?.nextAttemptAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(500_000)
    })
  })
})

/** As a push service that wants to be left alone answers. */
const waits = { status: 503, headers: { 'retry-after': '600' } } as const

describe('a device that it does not come to for four hours is left out', () => {
  const fourHoursAgo = () => new Date(Date.now() - 4 * 3_600_000)
  test.each([
    [['ok', waits], { status: 'SENT' }],
    [[waits], { status: 'FAILED', failureReason: 'GIVEN_UP' }],
  ] as const)('%j', async (modes, row) => {
    const { user } = await userWith(modes)
    await service.publish(paymentFailed, failedFor(user, service))
    await pushIs(user, { status: 'SENDING', lease: null, attempts: 1 })
    await makeDue(user, { notBefore: null, failedSince: new Date(fourHoursAgo().getTime() + 300_000) })
    await pushIs(user, { status: 'SENDING', lease: null, attempts: 2 })
    // It is not waited for longer than that.
    expect(((await pushOf(user))?.nextAttemptAt.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(300_000)
    await makeDue(user, { notBefore: null, failedSince: fourHoursAgo() })
    await pushIs(user, row)
  })
})

describe('what one device took is sent', () => {
  const removeAll = async (client: ReturnType<TestService['client']>) => {
    for (const { subscriptionId } of (await client.listPushSubscriptions({})).body.subscriptions)
      await client.removePushSubscription({ params: { subscriptionId } })
  }
  const turnOff = (client: ReturnType<TestService['client']>) =>
    client.updatePreferences({
      body: { preferences: [{ type: 'PAYMENT_FAILED', channel: 'PUSH', enabled: false }] },
    })
  test.each([
    ['its devices go', removeAll],
    ['its recipient turns it off', turnOff],
  ])('also where %s before another takes it', async (_what, change) => {
    const { user, browsers } = await userWith(['ok', waits])
    await service.publish(paymentFailed, failedFor(user, service))
    await until(() => expect(browsers[0]?.read).toHaveLength(1))
    await pushIs(user, { status: 'SENDING', lease: null })
    await change(service.client(user.headers))
    await makeDue(user, { notBefore: null })
    await pushIs(user, { status: 'SENT', pushed: null })
    expect(browsers[1]?.read).toEqual([])
  })

  test('also where its attempts end', async () => {
    const own = await startService()
    own.work()
    try {
      const { user, browsers } = await userWith(['ok', waits], own)
      await own.publish(paymentFailed, failedFor(user, own))
      await pushIs(user, { status: 'SENDING', lease: null, attempts: 1 }, own)
      own.world.down.add('events')
      await own.deps.pool.query(
        `update notifications set attempts = 60, next_attempt_at = clock_timestamp() - interval '1 second'
         where channel = 'PUSH'`,
      )
      await pushIs(user, { status: 'SENT' }, own)
      expect(browsers.map(({ read }) => read.length)).toEqual([1, 0])
    } finally {
      await own.stop()
    }
  })
})

test('an answer that is lost makes a second one, which takes the place of the first', async () => {
  const { user, browsers } = await userWith(['cut'])
  await service.publish(paymentFailed, failedFor(user, service))
  await until(() => expect(browsers[0]?.read).toHaveLength(1))
  Object.assign(browsers[0] as Browser, { mode: 'ok' })
  await pushIs(user, { status: 'SENT' })
  const read = browsers[0]?.read ?? []
  expect(read.length).toBeGreaterThan(1)
  expect(new Set(read.map(({ content }) => content.notificationId)).size).toBe(1)
  expect(new Set(read.map(({ headers }) => headers.topic)).size).toBe(1)
})

test('a browser that changed its account before the send reads nothing of the one before', async () => {
  const { user, browsers } = await userWith([{ status: 503 }])
  await service.publish(paymentFailed, failedFor(user, service))
  // No attempt may be on its way while the browser moves: it would have read who owns it before.
  await until(async () => {
    const { rowCount } = await service.deps.pool.query(
      `update notifications set next_attempt_at = clock_timestamp() + interval '1 hour'
       where recipient_id = $1 and channel = 'PUSH' and status = 'SENDING' and lease is null`,
      [user.userId],
    )
    return rowCount === 1
  })
  const [browser] = browsers as [Browser]
  const after = await service.user()
  expect(
    (await service.client(after.headers).addPushSubscription({ body: browser.subscription })).status,
  ).toBe(201)
  browser.mode = 'ok'
  await service.deps.pool.query(
    `update notifications set next_attempt_at = clock_timestamp() - interval '1 second'
     where recipient_id = $1`,
    [user.userId],
  )
  await until(async () => expect(await pushOf(user)).toBeUndefined())
  expect(browser.read).toEqual([])
})

test('browsers subscribed with an earlier key get nothing: push services would refuse it', async () => {
  const { user, browsers } = await userWith(['ok'])
  await service.deps.pool.query(`update push_subscriptions set server_key = 'earlier' where user_id = $1`, [
    user.userId,
  ])
  await service.publish(paymentFailed, failedFor(user, service))
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ channel: 'EMAIL', status: 'SENT' }]),
  )
  expect(browsers[0]?.read).toEqual([])
})

test('a process that dies between two browsers leaves the other, and the first reads it once', async () => {
  const own = await startService()
  try {
    const { user, browsers } = await userWith(['ok', 'hang'], own)
    const doomed = await startProcess(own, { NODE_EXTRA_CA_CERTS: own.pushes.certificateFile })
    await own.publish(eventUpdated, moved(own, user))
    const [first, second] = browsers as [Browser, Browser]
    await second.hung.promise
    // What the first browser took is written down.
    await until(async () =>
      expect(Object.values(((await pushOf(user, own))?.pushed ?? {}) as object)).toEqual(['ACCEPTED']),
    )
    await own.processes.at(-1)?.kill()
    await doomed.ended
    second.mode = 'ok'
    await own.deps.pool.query(
      "update notifications set leased_until = now() - interval '1 second' where lease is not null",
    )
    own.work()
    await pushIs(user, { status: 'SENT' }, own)
    expect([first.read.length, second.read.length]).toEqual([1, 1])
  } finally {
    await own.stop()
  }
})

const moved = ({ world }: TestService, { userId }: User): Payload<typeof eventUpdated> => {
  world.holders = [userId]
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    world.event
  return {
    eventId,
    organizerId,
    name,
    eventDate,
    timeZone,
    venueId,
    venueName,
    venueAddress,
    status,
    changed: ['eventDate'],
  }
}

test('the log of the service names no endpoint, which is a secret of its browser', async () => {
  const own = await startService()
  try {
    const { user, browsers } = await userWith(['cut', { status: 503 }, { status: 410 }, { status: 413 }], own)
    const working = await startProcess(own, {
      NODE_EXTRA_CA_CERTS: own.pushes.certificateFile,
      LOG_LEVEL: 'debug',
    })
    await own.publish(paymentFailed, failedFor(user, own))
    await until(async () => expect((await pushOf(user, own))?.attempts).toBeGreaterThan(1))
    working.stop()
    await working.ended
    expect(working.logged()).toContain('notification was not sent, will be retried')
    for (const { subscription } of browsers) {
      expect(working.logged()).not.toContain(new URL(subscription.endpoint).pathname)
      expect(working.logged()).not.toContain(subscription.keys.auth)
    }
  } finally {
    await own.stop()
  }
})

test('pushes are counted by what came of them on each device', async () => {
  const metric = await service.deps.metrics.registry.getSingleMetric('push_devices_total')?.get()
  const outcomes = metric?.values.filter(({ value }) => value > 0).map(({ labels }) => labels.outcome)
  expect(new Set(outcomes)).toEqual(
    new Set(['accepted', 'gone', 'given_up', 'push_too_large', 'push_refused', 'later']),
  )
})

test("a service's request goes to every browser of the user; without one it is cancelled", async () => {
  const { user, browsers } = await userWith(['ok', 'ok'])
  const alone = await service.user()
  const client = await service.as('event-service')
  const ask = async ({ userId }: User) => {
    const payload = { eventId: service.world.event.eventId, cancellationReason: 'rain' }
    const words = { type: 'EVENT_CANCELLED', template: 'EVENT_CANCELLED', payload, priority: 'HIGH' } as const
    const answer = await client.sendNotification({
      body: { userId, channel: 'PUSH', recipient: userId, ...words },
    })
    if (answer.status !== 202) throw new Error(`answered ${answer.status}`)
    return answer.body
  }
  service.world.event = { ...service.world.event, status: 'CANCELLED' }
  await ask(user)
  for (const { read } of browsers) await until(() => expect(read).toHaveLength(1))
  expect(browsers[0]?.read[0]?.content).toMatchObject({
    body: expect.stringContaining('does not take place'),
  })
  const params = await ask(alone)
  await until(async () =>
    expect(await client.getRequestedNotification({ params })).toMatchObject({
      body: { status: 'CANCELLED', failure: { reason: 'NO_DEVICE' } },
    }),
  )
})
