import { randomUUID } from 'node:crypto'
import {
  type TopicName,
  ticketsArchiveRoutes,
  ticketsRejected,
  topics,
  userCreated,
} from '@boxoffice/contracts'
import {
  baseConfig,
  baseEnvironment,
  createFoundation,
  createServer,
  readEnvironment,
} from '@boxoffice/service-kit'
import {
  createTestAuthority,
  createTestDatabase,
  injectClient,
  type TestAuthority,
} from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { mountArchive } from './archive.ts'
import { archivePublished } from './housekeeping.ts'
import { type Append, createOutbox } from './outbox.ts'

let authority: TestAuthority
let foundation: ReturnType<typeof createFoundation>
let app: ReturnType<typeof createServer>
let append: Append

beforeAll(async () => {
  authority = await createTestAuthority()
  const environment = readEnvironment(z.object(baseEnvironment), {
    ...authority.environment('ticket-service'),
    DATABASE_URL: await createTestDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations'),
  })
  foundation = createFoundation(baseConfig('ticket-service', { ...environment, PORT: 0 }), authority.userKeys)
  append = createOutbox({ ...foundation, topics })
  app = createServer({ ...foundation, trustedProxies: ['127.0.0.1'] })
  mountArchive(app, ticketsArchiveRoutes, foundation)
})
afterAll(async () => {
  await app.close()
  await foundation.pool.end()
})

const clientOf = async (name: Parameters<TestAuthority['service']>[0]) =>
  injectClient(app, ticketsArchiveRoutes, await authority.service(name, 'ticket-service'))

const say = () =>
  foundation.db.transact((tx) =>
    append(
      tx,
      ticketsRejected,
      {
        ...{
          orderId: randomUUID(),
          userId: randomUUID(),
          eventId: randomUUID(),
          reservationId: randomUUID(),
        },
        reason: 'SEATS_GONE',
      } as never,
      { aggregateVersion: 1 },
    ),
  )
const publish = (ids: readonly string[]) =>
  foundation.pool.query('update outbox set published_at = clock_timestamp() where message_id = any($1)', [
    ids,
  ])

/** Reads every message of a topic page by page; calls `meanwhile` between pages. */
async function readAll(topic: TopicName, limit: number, meanwhile: () => Promise<unknown> = async () => {}) {
  const client = await clientOf('analytics-service')
  const read: string[] = []
  const totals: (number | null)[] = []
  let cursor: string | undefined
  do {
    const { body } = await client.listArchived({ query: { topic, limit, cursor } })
    read.push(...body.messages.map(({ messageId }) => String(messageId)))
    totals.push(body.total)
    cursor = body.nextCursor ?? undefined
    await meanwhile()
  } while (cursor !== undefined)
  return { read, totals }
}

test('lists waiting, published and archived messages page by page, with their total first', async () => {
  const [archived, published, waiting] = [await say(), await say(), await say()]
  await publish([archived])
  await archivePublished(foundation.db)
  await publish([published])
  const { read, totals } = await readAll('ticket-events', 2)
  expect(read.toSorted()).toEqual([archived, published, waiting].toSorted())
  expect(totals[0]).toBe(3)
  expect(totals.slice(1).every((total) => total === null)).toBe(true)
  const client = await clientOf('analytics-service')
  const { body } = await client.listArchived({ query: { topic: 'ticket-events', limit: 1 } })
  expect(body.messages[0]).toMatchObject({
    eventType: 'TICKETS_REJECTED',
    version: '1.0',
    payload: { reason: 'SEATS_GONE' },
  })
})

test('lists messages that move to the archive during the reading', async () => {
  const said = new Set(await Promise.all(Array.from({ length: 25 }, say)))
  const pending = [...said]
  const { read } = await readAll('ticket-events', 3, async () => {
    await publish(pending.splice(0, 6))
    await archivePublished(foundation.db)
  })
  expect([...said].filter((messageId) => !read.includes(messageId))).toEqual([])
})

test('omits secret messages and those of other topics', async () => {
  const secret = await foundation.db.transact((tx) =>
    append(
      tx,
      userCreated,
      {
        ...{
          userId: randomUUID(),
          email: 'ala@example.test',
          firstName: 'Ala',
          lastName: 'Kot',
          locale: 'en',
        },
        ...{ sealedToken: 'x', tokenExpiresAt: new Date(), createdAt: new Date() },
      } as never,
      { aggregateVersion: 1 },
    ),
  )
  expect((await readAll('user-events', 50)).read).not.toContain(secret)
  expect((await readAll('ticket-events', 50)).read).not.toContain(secret)
})

test('accepts the read side only, and only its own cursors', async () => {
  const stranger = await clientOf('notification-service')
  await expect(stranger.listArchived({ query: { topic: 'ticket-events' } })).rejects.toMatchObject({
    status: 403,
  })
  const client = await clientOf('analytics-service')
  await expect(
    client.listArchived({ query: { topic: 'ticket-events', cursor: 'nonsense' } }),
  ).rejects.toMatchObject({
    status: 400,
  })
})
