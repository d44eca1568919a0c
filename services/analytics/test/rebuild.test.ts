import { randomUUID } from 'node:crypto'
import {
  eventsArchiveRoutes,
  type Message,
  type MessageDefinition,
  messages,
  paymentsArchiveRoutes,
  refundProcessed,
  ticketCancelled,
  ticketsArchiveRoutes,
} from '@boxoffice/contracts'
import { policiesWith } from '@boxoffice/service-kit'
import { createWatchers, startPeer } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { callees } from '../src/config.ts'
import { type Emptied, emptyRetired } from '../src/projection/emptying-repository.ts'
import { nothingTouched, project } from '../src/projection/project.ts'
import { createArchives } from '../src/rebuilds/archives.ts'
import { insertRebuild, leaseRebuild } from '../src/rebuilds/rebuild-repository.ts'
import { createRebuilder } from '../src/rebuilds/rebuilder.ts'
import { makeHistory, refundOf } from './history.ts'
import { startService, type TestService } from './start-service.ts'

let analytics: TestService
let peers: { url: string; close(): Promise<unknown> }[]
/** What the other services have said, as their archives give it. */
const archive: Record<string, Record<string, unknown>[]> = {}
/** Called before each page; may reject, or wait. */
let beforePage: (topic: string) => Promise<void>

const wireOf = (message: Message<MessageDefinition>, definition: MessageDefinition) =>
  z.encode(definition.schema as z.ZodType, message) as Record<string, unknown>

/** Small pages, so that a rebuild has many. */
const PAGE = 5
async function listArchived({ query: { topic, cursor } }: { query: { topic: string; cursor?: string } }) {
  await beforePage(topic)
  const said = archive[topic] ?? []
  const from = Number(cursor ?? 0)
  const next = from + PAGE < said.length ? String(from + PAGE) : null
  const total = cursor === undefined ? said.length : null
  return { status: 200 as const, body: { messages: said.slice(from, from + PAGE), total, nextCursor: next } }
}

beforeAll(async () => {
  const handlers = { listArchived }
  peers = [
    await startPeer(eventsArchiveRoutes, handlers),
    await startPeer(ticketsArchiveRoutes, handlers),
    await startPeer(paymentsArchiveRoutes, handlers),
  ]
  const [EVENTS_URL, TICKETS_URL, PAYMENTS_URL] = peers.map(({ url }) => url)
  analytics = await startService({ EVENTS_URL, TICKETS_URL, PAYMENTS_URL })
})
afterAll(async () => {
  await analytics?.stop()
  for (const peer of peers ?? []) await peer.close()
})
beforeEach(() => {
  beforePage = async () => {}
  for (const topic of Object.keys(archive)) delete archive[topic]
})

/** Fill the archives with a history, and the projection that is served with it. */
async function givenHistory(seed: number) {
  const history = makeHistory(seed, 20)
  for (const message of history) {
    const definition = messages.get(message.eventType) as MessageDefinition
    const topic = definition.topics.find((name) => name !== 'event-events') ?? ''
    archive[topic] = [...(archive[topic] ?? []), wireOf(message, definition)]
  }
  const generation = await activeGeneration()
  for (const message of history)
    await analytics.deps.db.transact((tx) => project(tx, [generation], [message], nothingTouched()))
  return [...new Set(history.map(({ payload }) => (payload as { eventId: string }).eventId))]
}

const activeGeneration = async () =>
  (await analytics.deps.pool.query(`select generation from generations where state = 'ACTIVE'`)).rows[0]
    .generation as number
/** The counters of these events. */
const salesOf = async (generation: number, eventIds: readonly string[]) => {
  const { rows } = await analytics.deps.pool.query(
    `select event_id, ticket_type_id, hour, issued, gross_minor, cancelled, refunded_minor, checked_in
     from sales_hours
     where generation = $1 and event_id = any($2) order by event_id, ticket_type_id, hour`,
    [generation, eventIds],
  )
  return rows
}

async function start() {
  const cli = await analytics.cli()
  const { status, body } = await cli.startRebuild({})
  if (status !== 202) throw new Error(`answered ${status}`)
  const see = async () => {
    const answer = await (await analytics.cli()).getRebuild({ params: { rebuildId: body.rebuildId } })
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
    return answer.body
  }
  const becomes = (expected: object) => until(async () => expect(await see()).toMatchObject(expected))
  return { rebuild: body, rebuildId: body.rebuildId, see, becomes }
}

describe('a rebuild', () => {
  test('makes the same projection out of the archives, and serves it when it is complete', async () => {
    const events = await givenHistory(21)
    const before = await activeGeneration()
    // What does not concern the read side is skipped; what does not match its schema is left out.
    archive['payment-events']?.push(
      { eventType: 'ORDER_CREATED' },
      { eventType: 'REFUND_PROCESSED', payload: {} },
    )
    const { rebuild, becomes } = await start()
    expect(rebuild).toMatchObject({ generation: before + 1, status: 'RUNNING' })
    await becomes({ status: 'DONE', endedAt: expect.any(Date) })
    const sources = Object.entries({
      events: 'event-updates.fifo',
      payments: 'payment-events',
      tickets: 'ticket-events',
    })
    const { body } = await (await analytics.cli()).findRebuild({})
    expect(body).toMatchObject({ generation: before + 1, rebuild: { status: 'DONE' } })
    expect(body.rebuild?.sources).toEqual(
      sources.map(([service, topic]) => ({
        ...{ service, finished: true, taken: archive[topic]?.length, total: archive[topic]?.length },
      })),
    )
    expect(await salesOf(before + 1, events)).toEqual(await salesOf(before, events))
    expect((await salesOf(before, events)).length).toBeGreaterThan(0)
    const metrics = await analytics.deps.metrics.registry.metrics()
    expect(metrics).toMatch(/rebuild_invalid_messages_total\{source="payments",[^}]*\} 1/)
    const admin = await analytics.as(['USER', 'ADMIN'])
    expect((await admin.ops.getProjection({})).body).toMatchObject({ generation: before + 1 })
  })

  test('misses nothing that is said meanwhile: it comes by the queue, into both', async () => {
    const events = await givenHistory(22)
    const before = await activeGeneration()
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const asked = vi.fn()
    beforePage = async (topic) => {
      asked(topic)
      if (topic === 'payment-events') await held
    }
    const { rebuild, becomes } = await start()
    await until(() => expect(asked).toHaveBeenCalledWith('payment-events'))
    const event = await analytics.publishEvent()
    const bought = await event.sell(1, [0, 1])
    await event.publish(ticketCancelled, {
      ...{ ...bought.of, ticketId: bought.tickets[0]?.ticketId, ticketNumber: 'TKT-2026-000001' },
      ...{ ticketTypeId: event.typeIds[0], reason: 'asked', unitPrice: 50, currency: 'EUR' },
    })
    await event.publish(refundProcessed, refundOf(bought, 1, 50, [bought.tickets[0]?.ticketId ?? '']))
    const sold = async () =>
      (await analytics.visitor.countSoldTickets({ params: { eventId: event.eventId } })).body
    await until(async () => expect(await sold()).toMatchObject({ soldCount: 1 }))
    goOn()
    await becomes({ status: 'DONE' })
    await until(async () => {
      const all = [...events, event.eventId]
      const rows = await salesOf(rebuild.generation, all)
      expect(rows).toEqual(await salesOf(before, all))
      expect(
        rows.some(({ event_id, refunded_minor }) => event_id === event.eventId && refunded_minor === 5000),
      ).toBe(true)
    })
    // And nothing of the old one is served from the cache.
    expect(await sold()).toMatchObject({ soldCount: 1 })
  })

  test('is one at a time, and can be cancelled: what is served stays, and what was made goes', async () => {
    const events = await givenHistory(23)
    const before = await activeGeneration()
    beforePage = (topic) =>
      topic === 'ticket-events' ? Promise.reject(new Error('not now')) : Promise.resolve()
    const { rebuild, rebuildId, becomes } = await start()
    await becomes({
      sources: [{ finished: true }, { finished: true }, { service: 'tickets', finished: false }],
    })
    const cli = await analytics.cli()
    expect(await cli.startRebuild({})).toMatchObject({ status: 409, body: { error: 'REBUILD_RUNNING' } })
    expect(await cli.cancelRebuild({ params: { rebuildId } })).toMatchObject({
      status: 200,
      body: { status: 'CANCELLED' },
    })
    expect(await cli.cancelRebuild({ params: { rebuildId } })).toMatchObject({
      status: 409,
      body: { error: 'REBUILD_ENDED' },
    })
    const unknown = { params: { rebuildId: randomUUID() } }
    expect([(await cli.cancelRebuild(unknown)).status, (await cli.getRebuild(unknown)).status]).toEqual([
      404, 404,
    ])
    expect(await activeGeneration()).toBe(before)
    const { pool, db } = analytics.deps
    const left = async () =>
      (await pool.query('select count(*)::int as n from events where generation = $1', [rebuild.generation]))
        .rows[0].n
    const wasMade = await left()
    expect(wasMade).toBeGreaterThan(0)
    // Not before its minute is over.
    const generations = async () =>
      (await pool.query('select generation from generations where emptied_at is not null')).rows.map(
        (row) => row.generation,
      )
    expect(await db.transact((tx) => emptyRetired(tx, { keptSeconds: 60, batch: 3, from: null }))).toBeNull()
    expect(await left()).toBe(wasMade)
    let from: Emptied | null = null
    do from = await db.transact((tx) => emptyRetired(tx, { keptSeconds: 0, batch: 2, from }))
    while (from)
    expect(await generations()).toContain(rebuild.generation)
    expect(await left()).toBe(0)
    expect((await salesOf(before, events)).length).toBeGreaterThan(0)
  })

  test('waits for a service that is down, says so, and goes on', async () => {
    await givenHistory(24)
    let isAway = true
    beforePage = async (topic) => {
      if (isAway && topic === 'ticket-events') throw new Error('away')
    }
    const { becomes } = await start()
    await becomes({ status: 'RUNNING', lastError: expect.stringMatching(/^tickets: /) })
    const metrics = await analytics.deps.metrics.registry.metrics()
    expect(metrics).toMatch(/rebuild_messages_taken\{source="tickets",[^}]*\} 0/)
    isAway = false
    await becomes({ status: 'DONE' })
    expect((await (await analytics.cli()).findRebuild({})).body.rebuild).not.toHaveProperty('lastError')
  })

  test('leaves out what PostgreSQL refuses, and goes on', async () => {
    const events = await givenHistory(26)
    const before = await activeGeneration()
    const tooMany = archive['ticket-events']?.find(
      ({ eventType }) => eventType === 'TICKET_TYPE_CHANGED',
    ) as {
      payload: object
    }
    const payload = {
      ...tooMany.payload,
      ticketTypeId: randomUUID(),
      eventId: randomUUID(),
      quantityTotal: 3_000_000_000,
    }
    archive['ticket-events']?.splice(3, 0, { ...tooMany, messageId: randomUUID(), payload })
    const invalid = async () => {
      const { values = [] } =
        (await analytics.deps.metrics.registry.getSingleMetric('rebuild_invalid_messages_total')?.get()) ?? {}
      return values.find(({ labels }) => labels.source === 'tickets')?.value ?? 0
    }
    const leftOut = await invalid()
    const { becomes } = await start()
    await becomes({ status: 'DONE' })
    expect(await invalid()).toBe(leftOut + 1)
    expect(await salesOf(before + 1, events)).toEqual(await salesOf(before, events))
    expect((await salesOf(before, events)).length).toBeGreaterThan(0)
  })

  test('that is stopped does not wait for a page, and says of none that it failed', async () => {
    await givenHistory(27)
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const asked = vi.fn()
    beforePage = (topic) => {
      asked(topic)
      return held
    }
    const { see, becomes } = await start()
    await until(() => expect(asked).toHaveBeenCalled())
    await analytics.deps.rebuilder.stop()
    expect(await see()).toMatchObject({ status: 'RUNNING' })
    expect(await see()).not.toHaveProperty('lastError')
    goOn()
    analytics.deps.rebuilder.start()
    await becomes({ status: 'DONE' })
  })

  test('asks for a page once at a time: it comes again by itself', async () => {
    const asked = vi.fn()
    beforePage = async (topic) => {
      asked(topic)
      throw new Error('away')
    }
    const { config, identity } = analytics.deps
    const archives = createArchives(
      { ...config, policies: policiesWith(callees) },
      { ...createWatchers(), identity },
    )
    await expect(archives.read('tickets', null, 10, new AbortController().signal)).rejects.toThrow(
      'tickets: ANSWER',
    )
    await archives.close()
    expect(asked).toHaveBeenCalledTimes(1)
  })

  test('is for the command line alone', async () => {
    const { body } = await analytics.app
      .inject({
        method: 'POST',
        url: '/api/analytics/internal/rebuilds',
        headers: (await analytics.as(['ADMIN'])).headers,
      })
      .then((answer) => ({ body: answer.json() }))
    expect(body).toMatchObject({ error: 'UNAUTHENTICATED' })
  })
})

test('a rebuild whose process died continues where it stopped; the dead one cannot write', async () => {
  const events = await givenHistory(25)
  const { pool, db, logger } = analytics.deps
  await analytics.deps.rebuilder.stop()
  const before = await activeGeneration()
  const rebuildId = randomUUID()
  expect(await db.transact((tx) => insertRebuild(tx, rebuildId))).toBe(true)
  // The one that dies has read a page of tickets and not written it yet.
  const asked: (string | null)[] = []
  const page = async (topic: string, cursor: string | null) =>
    (await listArchived({ query: { topic, ...(cursor !== null && { cursor }) } })).body
  let release = () => {}
  const paused = new Promise<void>((resolve) => {
    release = resolve
  })
  const topicOf = { events: 'event-updates.fifo', tickets: 'ticket-events', payments: 'payment-events' }
  const build = (read: (source: keyof typeof topicOf, cursor: string | null) => ReturnType<typeof page>) =>
    createRebuilder({
      ...{
        db,
        logger,
        metrics: { counter: () => ({ inc: () => {} }) as never },
        newId: randomUUID,
        intervalMs: 20,
        pauseMs: 0,
      },
      ...{ archives: { read }, onSwitched: async () => {}, countProjected: () => {} },
    })
  let pages = 0
  const dying = build(async (source, cursor) => {
    const read = await page(topicOf[source], cursor)
    if (++pages > 4) await paused
    return read
  })
  dying.start()
  await until(() => expect(pages).toBe(5))
  expect(await leaseRebuild(db, randomUUID())).toBeNull()
  await pool.query(
    `update rebuilds set leased_until = clock_timestamp() - interval '1 second' where rebuild_id = $1`,
    [rebuildId],
  )
  const taken = async () =>
    (await pool.query('select sum(taken)::int as n from rebuild_sources where rebuild_id = $1', [rebuildId]))
      .rows[0].n
  const written = await taken()
  expect(written).toBeGreaterThan(0)
  const heir = build(async (source, cursor) => {
    asked.push(cursor)
    return page(topicOf[source], cursor)
  })
  heir.start()
  await until(async () => expect(await activeGeneration()).toBe(before + 1))
  expect(asked.some((cursor) => cursor !== null)).toBe(true)
  const total = await taken()
  expect(total).toBe(Object.values(archive).flat().length)
  release()
  await dying.stop()
  await heir.stop()
  expect(await taken()).toBe(total)
  expect(await salesOf(before + 1, events)).toEqual(await salesOf(before, events))
})
