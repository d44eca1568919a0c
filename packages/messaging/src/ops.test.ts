import { randomUUID } from 'node:crypto'
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { paymentsOpsRoutes, ticketsRejected, topics } from '@boxoffice/contracts'
import { baseConfig, baseEnvironment, createFoundation, createServiceApp, readEnvironment } from '@boxoffice/service-kit'
import { createDatabase, createTestAuthority, injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import { createAws } from './aws.ts'
import { on } from './consumer.ts'
import { createMessaging } from './messaging.ts'
import { mountOps } from './ops.ts'
import { createOutbox } from './outbox.ts'
import { provision } from './provision.ts'

const cleared = vi.fn()

async function start() {
  const authority = await createTestAuthority()
  const environment = readEnvironment(z.object(baseEnvironment), {
    ...authority.environment('payment-service'),
    DATABASE_URL: await createDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations'),
  })
  const config = baseConfig('payment-service', { ...environment, PORT: 0 })
  const foundation = createFoundation(config, authority.userKeys)
  const endpoint = inject('awsEndpoint')
  const aws = createAws({
    region: 'us-east-1',
    accountId: '000000000000',
    snsEndpoint: endpoint,
    sqsEndpoint: endpoint,
    prefix: `t${randomUUID().slice(0, 8)}-`,
    waitSeconds: 0.2,
  })
  await provision(aws)
  const messaging = createMessaging(foundation, aws.config)
  const failing = on(ticketsRejected, async () => {
    throw new Error('not today')
  })
  const consumer = messaging.consume('payment-processing-queue', [failing])
  const about = { title: 'Payments', description: 'Payments.', path: '/api/payments' } as const
  const app = createServiceApp(foundation, { config, ...about, routes: paymentsOpsRoutes, health: {} })
  const figures = async () => ({ hits: 3, misses: 1, entries: 2 })
  const away = { name: 'away', figures, clear: () => Promise.reject(new Error('no Redis')) }
  const caches = [{ name: 'prices', figures, clear: async () => cleared() }, away]
  mountOps(app, paymentsOpsRoutes, { ...foundation, messaging, caches })
  const as = async (roles: ('USER' | 'ADMIN')[]) => injectClient(app, paymentsOpsRoutes, (await authority.user(roles)).headers)
  const append = createOutbox({ ...foundation, topics })
  return {
    app,
    aws,
    append,
    foundation,
    messaging,
    consumer,
    operator: await as(['USER', 'ADMIN']),
    stranger: await as(['USER']),
  }
}
let it: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  it = await start()
})
afterAll(async () => {
  await it.app.close()
  it.messaging.close()
  it.aws.close()
  await it.foundation.pool.end()
})

test('an operator sees the queues of a service, how deep they are, and what is dead', async () => {
  await it.aws.sqs.send(
    new SendMessageCommand({ QueueUrl: await it.aws.queueUrl('payment-processing-dlq'), MessageBody: 'dead' }),
  )
  expect((await it.operator.getQueues({})).body).toEqual({
    queues: [
      {
        queue: 'payment-processing-queue',
        visible: 0,
        inFlight: 0,
        visibilitySeconds: 60,
        maxReceives: 3,
        deadLetterQueue: 'payment-processing-dlq',
        deadLetters: 1,
      },
    ],
  })
})

test('an operator sees each handler before its first message, and what went wrong after', async () => {
  const before = (await it.operator.getHandlers({})).body as { handlers: unknown[] }
  expect(before.handlers).toMatchObject([{ eventType: 'TICKETS_REJECTED', done: 0, failed: 0, averageMs: null, lastAt: null }])
  it.messaging.relay.start()
  it.consumer.start()
  const payload = { orderId: randomUUID(), userId: randomUUID(), eventId: randomUUID(), reservationId: randomUUID(), reason: 'x' }
  await it.messaging.transact((tx) => it.append(tx, ticketsRejected, payload as never, { aggregateVersion: 1 }))
  await until(async () => {
    const { body } = await it.operator.getHandlers({})
    expect(body).toMatchObject({ handlers: [{ done: 0, failed: 1, lastError: 'not today', lastAt: expect.any(Date) }] })
  })
  await it.consumer.stop()
  await it.messaging.relay.stop()
})

test('an operator sees what waits to be published, and which of it fails', async () => {
  expect((await it.operator.getOutbox({})).body).toMatchObject({ unpublished: 0, oldestUnpublishedSeconds: 0, failing: [] })
  const messageId = randomUUID()
  await it.foundation.pool.query(
    `insert into outbox (message_id, topic, event_type, body, attributes, archivable, attempts, created_at)
     values ($1, 'payment-events', 'ORDER_CANCELLED', '{}', '{}', true, 4, clock_timestamp() - interval '90 s')`,
    [messageId],
  )
  const { body } = await it.operator.getOutbox({})
  expect(body).toMatchObject({ unpublished: 1, failing: [{ messageId, eventType: 'ORDER_CANCELLED', attempts: 4 }] })
  expect((body as { oldestUnpublishedSeconds: number }).oldestUnpublishedSeconds).toBeGreaterThanOrEqual(90)
})

test('an operator sees how caches serve, and clears one by its name', async () => {
  expect((await it.operator.getCaches({})).body).toEqual({
    caches: ['prices', 'away'].map((name) => ({ name, hits: 3, misses: 1, hitRate: 0.75, entries: 2 })),
  })
  expect((await it.operator.clearCache({ params: { name: 'prices' } })).status).toBe(204)
  expect(cleared).toHaveBeenCalledOnce()
  expect(await it.operator.clearCache({ params: { name: 'away' } })).toMatchObject({
    status: 503,
    body: { error: 'SERVICE_UNAVAILABLE' },
  })
  expect(await it.operator.clearCache({ params: { name: 'other' } })).toMatchObject({
    status: 404,
    body: { error: 'CACHE_NOT_FOUND' },
  })
})

test('nobody but an operator sees any of it', async () => {
  const { getQueues, getHandlers, getCaches, getOutbox } = it.stranger
  for (const ask of [getQueues, getHandlers, getCaches, getOutbox]) {
    await expect(ask({})).rejects.toMatchObject({ status: 403 })
  }
  await expect(it.stranger.clearCache({ params: { name: 'prices' } })).rejects.toMatchObject({ status: 403 })
  expect(cleared).not.toHaveBeenCalled()
})
