import { randomUUID } from 'node:crypto'
import { PUSH_DEVICES_MAX, type PushSubscriptionId, sessionsEnded, type UserId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

let service: TestService
/** As in production: no push goes to a private address. */
let strict: TestService
/** Without a key. */
let without: TestService
beforeAll(async () => {
  ;[service, strict, without] = await Promise.all([
    startService(),
    startService({ PUSH_ADDRESSES: 'public' }),
    startService({ VAPID_PRIVATE_KEY: undefined as never }),
  ])
  service.work()
})
afterAll(() => Promise.all([service, strict, without].map((one) => one.stop())))

const clientOf = async (of: TestService) => of.client((await of.user()).headers)
/** A sign-in of a user. */
async function signIn(userId: UserId, sessionId: string = randomUUID()) {
  const { headers } = await service.authority.user(['USER'], userId, { sessionId })
  return { sessionId, client: service.client(headers) }
}
const added = async (client: Awaited<ReturnType<typeof clientOf>>, device?: string) => {
  const { subscription } = service.pushes.browser()
  const answer = await client.addPushSubscription({ body: { ...subscription, ...(device && { device }) } })
  if (answer.status !== 201) throw new Error(`answered ${answer.status}`)
  return { subscription, ...answer.body }
}
const listed = async (client: Awaited<ReturnType<typeof clientOf>>) =>
  (await client.listPushSubscriptions({})).body.subscriptions

test('anybody gets the public key, with which a browser subscribes', async () => {
  const { status, body } = await service.client({}).getPushKey({})
  if (status !== 200) throw new Error('refused')
  const point = Buffer.from(body.publicKey, 'base64url')
  expect([point.length, point[0]]).toEqual([65, 4])
})

test('a browser is added once, by what `toJSON()` gives, and is called what its owner says', async () => {
  const client = await clientOf(service)
  const { subscription, subscriptionId } = await added(client, 'Old telephone')
  const again = await client.addPushSubscription({ body: subscription })
  expect(again).toMatchObject({
    status: 200,
    body: { subscriptionId, device: 'Old telephone', current: true },
  })
  const renamed = await client.addPushSubscription({ body: { ...subscription, device: 'Zośka’s telephone' } })
  expect(renamed).toMatchObject({ status: 200, body: { subscriptionId, device: 'Zośka’s telephone' } })
  const list = await listed(client)
  expect(list).toEqual([
    {
      subscriptionId,
      device: 'Zośka’s telephone',
      service: new URL(service.pushes.origin).host,
      current: true,
      createdAt: expect.any(Date),
    },
  ])
  expect(JSON.stringify(list)).not.toContain(subscription.keys.auth)
  expect(JSON.stringify(list)).not.toContain('/push/')
})

test('one’s own alone are listed and removed', async () => {
  const [client, stranger] = [await clientOf(service), await clientOf(service)]
  const { subscriptionId } = await added(client)
  expect(await listed(stranger)).toEqual([])
  const params = { subscriptionId }
  expect(await stranger.removePushSubscription({ params })).toMatchObject({
    status: 404,
    body: {
      error: 'PUSH_SUBSCRIPTION_NOT_FOUND',
      message: `Push subscription with ID ${subscriptionId} not found`,
    },
  })
  expect((await client.removePushSubscription({ params })).status).toBe(204)
  expect((await client.removePushSubscription({ params })).status).toBe(404)
  expect(await listed(client)).toEqual([])
  await expect(service.client({}).listPushSubscriptions({})).rejects.toMatchObject({ status: 401 })
})

test('an account has so many; another takes the place of the one that was used least recently', async () => {
  const { userId } = await service.user()
  const { client } = await signIn(userId)
  const first = await added(client)
  const { rowCount } = await service.deps.pool.query(
    `insert into push_subscriptions (id, user_id, endpoint, p256dh, auth, server_key, session_id,
       created_at, last_used_at)
     select gen_random_uuid(), user_id, endpoint || n, p256dh, auth, server_key, session_id, created_at, now()
     from push_subscriptions, generate_series(2, $2::int) n where user_id = $1`,
    [userId, PUSH_DEVICES_MAX],
  )
  expect(rowCount).toBe(PUSH_DEVICES_MAX - 1)
  const last = await added(client)
  const ids = (await listed(client)).map(({ subscriptionId }) => subscriptionId)
  expect(ids).toHaveLength(PUSH_DEVICES_MAX)
  expect(ids).toContain(last.subscriptionId)
  expect(ids).not.toContain(first.subscriptionId)
})

test('a browser belongs to its last registrant, and cannot be taken over without its keys', async () => {
  const [before, after, thief] = await Promise.all([clientOf(service), clientOf(service), clientOf(service)])
  const { subscription, subscriptionId } = await added(before, 'Family computer')
  const { keys } = service.pushes.browser().subscription
  expect(await thief.addPushSubscription({ body: { ...subscription, keys } })).toMatchObject({
    status: 409,
    body: { error: 'PUSH_ENDPOINT_TAKEN' },
  })
  const taken = await after.addPushSubscription({ body: subscription })
  expect(taken).toMatchObject({ status: 201, body: { current: true } })
  expect(taken.body).not.toMatchObject({ subscriptionId })
  expect(taken.body).not.toHaveProperty('device')
  expect(await listed(before)).toEqual([])
  expect(await listed(after)).toHaveLength(1)
})

test('it goes with the sign-in that added it, and not with another', async () => {
  const { userId } = await service.user()
  const [here, there] = [await signIn(userId), await signIn(userId)]
  const [gone, kept] = [await added(here.client), await added(there.client)]
  const idsBy = async () =>
    (await listed(there.client)).map(({ subscriptionId, current }) => [subscriptionId, current])
  expect(await idsBy()).toEqual(
    expect.arrayContaining([
      [gone.subscriptionId, false],
      [kept.subscriptionId, true],
    ]),
  )
  await service.publish(sessionsEnded, { userId, sessionIds: [here.sessionId] })
  await until(async () => expect(await idsBy()).toEqual([[kept.subscriptionId, true]]))
})

test('when all sign-ins of a user end, those whose own ran out unseen go too, no later one', async () => {
  const [{ userId }, other] = [await service.user(), await clientOf(service)]
  const [before, again] = [await signIn(userId), await signIn(userId)]
  await added(before.client)
  const { subscription } = await added(before.client)
  await added(other)
  const allUntil = new Date(
    Math.max(...(await listed(before.client)).map(({ createdAt }) => createdAt.getTime())),
  )
  await until(() => expect(Date.now()).toBeGreaterThan(allUntil.getTime()))
  // A browser that a later sign-in registers is that one's.
  const taken = await again.client.addPushSubscription({ body: subscription })
  expect(taken).toMatchObject({ status: 200, body: { current: true } })
  await service.publish(sessionsEnded, { userId, sessionIds: [], allUntil })
  await until(async () => expect(await listed(again.client)).toMatchObject([{ current: true }]))
  expect(await listed(other)).toHaveLength(1)
})

test('an ended sign-in adds nothing by a token still in use, and is forgotten after that', async () => {
  const { userId } = await service.user()
  const [ended, long] = [await signIn(userId), randomUUID()]
  const { client } = await signIn(userId)
  const remembered = async () => {
    const sql = 'select session_id as id from ended_sessions where session_id = any($1::uuid[])'
    return (await service.deps.pool.query(sql, [[ended.sessionId, long]])).rows.map(({ id }) => id)
  }
  await service.deps.pool.query("insert into ended_sessions values ($1, now() - interval '61 minutes')", [
    long,
  ])
  await service.publish(sessionsEnded, { userId, sessionIds: [ended.sessionId] })
  await until(async () => expect(await remembered()).toEqual([ended.sessionId]))
  const { subscription } = service.pushes.browser()
  await expect(ended.client.addPushSubscription({ body: subscription })).rejects.toMatchObject({
    status: 401,
  })
  expect(await listed(client)).toEqual([])
})

test.each([
  [{ endpoint: 'http://push.example/1' }, 'body.endpoint'],
  [{ endpoint: 'https://user:secret@fcm.googleapis.com/1' }, 'body.endpoint'],
  [{ endpoint: `https://fcm.googleapis.com/${'x'.repeat(1_000)}` }, 'body.endpoint'],
  [{ keys: { p256dh: 'AAAA', auth: 'AAAAAAAAAAAAAAAAAAAAAA' } }, 'body.keys.p256dh'],
  [
    { keys: { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: 'AAAAAAAAAAAAAAAAAAAAAA' } },
    'body.keys.p256dh',
  ],
  [{ device: 'visit evil.com' }, 'body.device'],
])('%j is no browser', async (change, path) => {
  const { headers } = await strict.user()
  const { subscription } = strict.pushes.browser()
  const payload = { ...subscription, endpoint: 'https://203.0.114.1/1', ...change }
  const url = '/api/notifications/push/subscriptions'
  const answer = await strict.app.inject({ method: 'POST', url, headers, payload })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().details).toMatchObject([{ path }])
})

describe('an endpoint', () => {
  test.each([
    'https://127.0.0.1/1',
    'https://localhost/1',
    'https://10.1.2.3/1',
    'https://172.20.0.1/1',
    'https://192.168.0.1/1',
    'https://169.254.169.254/latest/meta-data',
    'https://100.64.0.1/1',
    'https://0.0.0.0/1',
    'https://[::1]/1',
    'https://[::ffff:10.0.0.1]/1',
    'https://[fd00::1]/1',
    'https://[fe80::1]/1',
    'https://[64:ff9b::10.0.0.1]/1',
    'https://2130706433/1',
    'https://0x7f.1/1',
    'https://there-is-no-such-host.invalid/1',
    'https://203.0.114.1:8443/1',
    'https://fcm.googleapis.com:81/1',
  ])('%s is refused', async (endpoint) => {
    const client = await clientOf(strict)
    const { subscription } = strict.pushes.browser()
    const answer = await client.addPushSubscription({ body: { ...subscription, endpoint } })
    expect(answer).toMatchObject({ status: 400, body: { details: [{ path: 'body.endpoint' }] } })
  })
})

test('ten are added a minute at most', async () => {
  const client = await clientOf(service)
  for (let n = 0; n < 10; n++) await added(client)
  const { subscription } = service.pushes.browser()
  expect(await client.addPushSubscription({ body: subscription })).toMatchObject({
    status: 429,
    body: { error: 'RATE_LIMITED' },
  })
})

test('without a key there are no pushes, and it is said so', async () => {
  const client = await clientOf(without)
  const { subscription } = without.pushes.browser()
  expect(await client.getPushKey({})).toMatchObject({ status: 409, body: { error: 'PUSH_UNAVAILABLE' } })
  expect(await client.addPushSubscription({ body: subscription })).toMatchObject({
    status: 409,
    body: { error: 'PUSH_UNAVAILABLE' },
  })
  expect(await listed(client)).toEqual([])
  const subscriptionId = randomUUID() as PushSubscriptionId
  expect((await client.removePushSubscription({ params: { subscriptionId } })).status).toBe(404)
  const { preferences } = (await client.getPreferences({})).body
  const pushes = preferences.filter(({ channel }) => channel === 'PUSH')
  expect(pushes.length).toBe(preferences.length / 3)
  for (const one of pushes) expect(one).toMatchObject({ enabled: false, changeable: false })
  const on = { type: 'EVENT_UPDATED', channel: 'PUSH', enabled: true } as const
  expect(await client.updatePreferences({ body: { preferences: [on] } })).toMatchObject({
    status: 400,
    body: { details: [{ path: 'body.preferences.0.enabled', message: 'this installation sends no pushes' }] },
  })
  // Values of GET may be sent back, without becoming choices.
  const whole = preferences.map(({ type, channel, enabled }) => ({ type, channel, enabled }))
  expect((await client.updatePreferences({ body: { preferences: whole } })).status).toBe(200)
  expect(await without.deps.db.prisma.preference.count({ where: { channel: 'PUSH' } })).toBe(0)
})
