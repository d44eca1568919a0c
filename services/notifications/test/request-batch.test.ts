import { randomUUID } from 'node:crypto'
import { type NotificationRequest, paymentFailed } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { acceptRequests } from '../src/requests/accept-requests.ts'
import { failedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const requestFor = (user: User, about: Partial<NotificationRequest> = {}): NotificationRequest => ({
  userId: user.userId,
  type: 'PAYMENT_FAILED',
  channel: 'EMAIL',
  recipient: user.email,
  template: 'PAYMENT_FAILED',
  payload: z.encode(paymentFailed.payload, failedFor(user, service)),
  priority: 'MEDIUM',
  ...about,
})
const send = async (requests: unknown[], headers: Record<string, string> = {}) => {
  const answer = await (await service.as('payment-service', headers)).sendNotifications({
    body: { requests },
  })
  if (answer.status !== 200) throw new Error(`the call was answered ${answer.status}`)
  return answer.body.outcomes
}

test('each request is answered at its place, and a bad one fails alone', async () => {
  const [first, off, last] = [await service.user(), await service.user(), await service.user()]
  const preferences = [{ type: 'PAYMENT_FAILED', channel: 'EMAIL', enabled: false } as const]
  await service.client(off.headers).updatePreferences({ body: { preferences } })
  const outcomes = await send([
    requestFor(first),
    { ...requestFor(first), priority: 'WHENEVER' },
    requestFor(first, { payload: {} }),
    'nonsense',
    requestFor(off),
    requestFor(last),
  ])
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    'ACCEPTED',
    'REFUSED',
    'REFUSED',
    'REFUSED',
    'TURNED_OFF',
    'ACCEPTED',
  ])
  expect(outcomes[1]).toMatchObject({ error: 'VALIDATION_FAILED', details: [{ path: 'body.priority' }] })
  expect(outcomes[2]).toMatchObject({
    details: expect.arrayContaining([expect.objectContaining({ path: 'body.payload.orderId' })]),
  })
  for (const [user, place] of [
    [first, 0],
    [last, 5],
  ] as const) {
    await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
    expect(await service.rows(user.userId)).toMatchObject([
      { id: (outcomes[place] as { notificationId?: string }).notificationId },
    ])
  }
  expect(await service.rows(off.userId)).toEqual([])
})

test('a hundred are written with one statement; more, or none, are refused', async () => {
  const user = await service.user()
  const statements: string[] = []
  const { db } = service.deps
  const watched: typeof db = {
    ...db,
    query: (text, values) => {
      statements.push(text)
      return db.query(text, values)
    },
  }
  const asked = Array.from({ length: 100 }, () => ({ request: requestFor(user), key: randomUUID() }))
  const accepted = await acceptRequests({ ...service.deps, db: watched }, 'payment-service', asked)
  expect(new Set(accepted.map((one) => (one as { notificationId: string }).notificationId)).size).toBe(100)
  expect(statements.filter((text) => text.startsWith('insert into notifications'))).toHaveLength(1)
  expect(await service.rows(user.userId)).toHaveLength(100)

  const headers = await service.authority.service('payment-service', 'notification-service')
  for (const requests of [[], Array.from({ length: 101 }, () => requestFor(user))]) {
    const url = '/api/notifications/internal/requests/batch'
    const answer = await service.app.inject({ method: 'POST', url, headers, payload: { requests } })
    expect(answer.statusCode).toBe(400)
  }
})

test('each is known again by its requestId, also within one call; a different one is refused', async () => {
  const user = await service.user()
  const [one, other] = [
    requestFor(user, { requestId: randomUUID() }),
    requestFor(user, { requestId: randomUUID() }),
  ]
  const differs = { ...one, subject: 'Another' }
  const outcomes = await send([one, one, differs, other])
  expect(outcomes).toMatchObject([
    { outcome: 'ACCEPTED' },
    outcomes[0] ?? {},
    { outcome: 'REFUSED', error: 'IDEMPOTENCY_KEY_REUSED' },
    { outcome: 'ACCEPTED' },
  ])
  expect(await send([other, differs, one])).toEqual([outcomes[3], outcomes[2], outcomes[0]])
  // Alone it is the same as among others.
  const alone = await (await service.as('payment-service')).sendNotification({ body: one })
  expect(alone).toMatchObject({
    status: 202,
    body: { notificationId: (outcomes[0] as { notificationId: string }).notificationId },
  })
  expect(await service.rows(user.userId)).toHaveLength(2)
})

test('an Idempotency-Key is of the whole call: each is known by its place', async () => {
  const user = await service.user()
  const headers = { 'idempotency-key': randomUUID() }
  const requests = [requestFor(user), requestFor(user)]
  const outcomes = await send(requests, headers)
  expect(await send(requests, headers)).toEqual(outcomes)
  expect(await send(requests.toReversed(), headers)).toMatchObject([
    { error: 'IDEMPOTENCY_KEY_REUSED' },
    { error: 'IDEMPOTENCY_KEY_REUSED' },
  ])
  expect(await service.rows(user.userId)).toHaveLength(2)
})

test('calls with the same requests at the same time write each once', async () => {
  const user = await service.user()
  const requests = Array.from({ length: 20 }, () => requestFor(user, { requestId: randomUUID() }))
  const answers = await Promise.all([send(requests), send(requests.toReversed()), send(requests)])
  expect(answers[1].toReversed()).toEqual(answers[0])
  expect(answers[2]).toEqual(answers[0])
  expect(await service.rows(user.userId)).toHaveLength(20)
})
