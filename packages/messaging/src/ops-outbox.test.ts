import { randomUUID } from 'node:crypto'
import type { OutboxMessage } from '@boxoffice/contracts'
import { withCorrelationId } from '@boxoffice/service-kit'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type OperatedService, startOperatedService } from '../test/operated-service.ts'
import { archivePublished } from './housekeeping.ts'

let it: OperatedService
beforeAll(async () => {
  it = await startOperatedService()
})
beforeEach(() => it.foundation.pool.query('truncate outbox, message_archive'))
afterAll(() => it.close())

type Query = Parameters<OperatedService['operator']['listOutbox']>[0]['query']
/** Reads every page. */
async function listAll(query: Query, limit = 2): Promise<OutboxMessage[]> {
  const messages: OutboxMessage[] = []
  let cursor: string | undefined
  do {
    const { body } = await it.operator.listOutbox({ query: { ...query, limit, ...(cursor && { cursor }) } })
    if (!('messages' in body)) throw new Error(JSON.stringify(body))
    messages.push(...body.messages)
    cursor = body.nextCursor ?? undefined
  } while (cursor !== undefined)
  return messages
}
const idsOf = (messages: readonly OutboxMessage[]) => messages.map(({ messageId }) => messageId)

/** Makes messages look as if they were written so many minutes ago, and published if `isPublished`. */
async function age(ids: readonly string[], isPublished: boolean): Promise<void> {
  for (const [index, messageId] of ids.entries())
    await it.foundation.pool.query(
      `update outbox set created_at = clock_timestamp() - $2::int * interval '1 minute',
         published_at = case when $3 then clock_timestamp() - ($2::int - 1) * interval '1 minute' end
       where message_id = $1`,
      [messageId, 100 - index, isPublished],
    )
}

test('lists unpublished messages, oldest first, page by page and without their bodies', async () => {
  const ids = [await it.reject(), await it.reject(), await it.reject(), await it.reject(), await it.reject()]
  await age(ids, false)
  const published = await it.reject()
  await age([published], true)
  expect(idsOf(await listAll({}))).toEqual(ids)

  const correlated = await withCorrelationId('corr-1', () => it.reject())
  await it.foundation.pool.query(
    `update outbox set attempts = 2, leased_until = clock_timestamp() + interval '1 minute'
     where message_id = $1`,
    [correlated],
  )
  expect((await listAll({ state: 'unpublished' })).at(-1)).toEqual({
    messageId: correlated,
    topic: 'ticket-events',
    eventType: 'TICKETS_REJECTED',
    correlationId: 'corr-1',
    attempts: 2,
    createdAt: expect.any(Date),
    leasedUntil: expect.any(Date),
    archived: false,
  })
})

test('lists all messages, newest first, those of the archive too', async () => {
  const ids = [await it.reject(), await it.reject(), await it.reject(), await it.reject()]
  await age(ids, true)
  await archivePublished(it.foundation.db)
  const [published, unpublished] = [await it.reject(), await it.reject()]
  await it.foundation.pool.query(
    "update outbox set published_at = clock_timestamp() - interval '5 minutes' where message_id = $1",
    [published],
  )
  const all = await listAll({ state: 'all' })
  expect(idsOf(all)).toEqual([unpublished, published, ...ids.toReversed()])
  expect(all.map(({ archived }) => archived)).toEqual([false, false, true, true, true, true])
  expect(all.map(({ publishedAt }) => publishedAt !== undefined)).toEqual([
    false,
    ...Array.from({ length: 5 }, () => true),
  ])
})

test('lists messages of a topic, of a type, and from a time on', async () => {
  const [old, recent] = [await it.reject(), await it.reject()]
  await it.foundation.pool.query(
    `update outbox set created_at = clock_timestamp() - interval '1 hour', published_at = clock_timestamp()
     where message_id = $1`,
    [old],
  )
  for (const isArchived of [false, true]) {
    if (isArchived) await archivePublished(it.foundation.db)
    const found = async (query: Query) => idsOf(await listAll({ state: 'all', ...query })).toSorted()
    const both = [old, recent].toSorted()
    expect(await found({ topic: 'ticket-events' })).toEqual(both)
    expect(await found({ topic: 'payment-events' })).toEqual([])
    expect(await found({ eventType: 'TICKETS_REJECTED' })).toEqual(both)
    expect(await found({ eventType: 'ORDER_CREATED' })).toEqual([])
    expect(await found({ since: new Date(Date.now() - 60_000) })).toEqual([recent])
  }
})

test('refuses everyone but operators', async () => {
  await expect(it.stranger.listOutbox({ query: {} })).rejects.toMatchObject({ status: 403 })
  const body = { since: new Date(), dryRun: true, messageId: randomUUID() as never }
  await expect(it.stranger.republishOutbox({ body })).rejects.toMatchObject({ status: 403 })
})
