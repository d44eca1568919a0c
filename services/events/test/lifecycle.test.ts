import { randomUUID } from 'node:crypto'
import { type EventId, eventCancelled, eventUpdated } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { completeEvents } from '../src/catalog/complete.ts'
import { inDays, startService, type TestService } from './start-service.ts'

let service: TestService
let mine: ReturnType<TestService['as']>
beforeAll(async () => {
  service = await startService()
  mine = service.as(service.organizer.headers)
})
afterAll(() => service.close())

const reason = { cancellationReason: 'The river has taken the stages.' }
const cancel = (eventId: EventId, client = mine) => client.cancelEvent({ params: { eventId }, body: reason })
const statusOf = async (eventId: EventId) => {
  const { rows } = await service.deps.pool.query('select status, version from events where id = $1', [
    eventId,
  ])
  return rows[0]
}
const stranger = async () => service.as((await service.authority.user(['USER', 'ORGANIZER'])).headers)
const makeOver = async () => {
  const { eventId } = await service.makePublished()
  await service.deps.pool.query("update events set event_date = now() - interval '13 hours' where id = $1", [
    eventId,
  ])
  return eventId
}

describe('cancelling', () => {
  test('is published once, with its reason, however often it is requested', async () => {
    const { eventId, name } = await service.makePublished()
    const answers = [
      await cancel(eventId),
      await cancel(eventId),
      await mine.cancelEvent({ params: { eventId }, body: { cancellationReason: 'Other' } }),
    ]
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 200, body: { status: 'CANCELLED', ...reason } })
    expect(answers[1]).toEqual(answers[0])
    const message = await service.probe.waitFor(eventCancelled, ({ payload }) => payload.eventId === eventId)
    expect(message).toMatchObject({
      aggregateVersion: 3,
      payload: { eventName: name, status: 'CANCELLED', ...reason },
    })
    const { rows } = await service.deps.pool.query(
      `select from outbox where event_type = 'EVENT_CANCELLED' and topic = 'event-events'
         and body #>> '{payload,eventId}' = $1
       union all select from message_archive where event_type = 'EVENT_CANCELLED' and topic = 'event-events'
         and body #>> '{payload,eventId}' = $1`,
      [eventId],
    )
    expect(rows).toHaveLength(1)
  })
  test('by many at once happens once', async () => {
    const { eventId } = await service.makePublished()
    const answers = await Promise.all(Array.from({ length: 5 }, () => cancel(eventId)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await statusOf(eventId)).toEqual({ status: 'CANCELLED', version: 3 })
  })
  test('is for events on sale, and for their organizer', async () => {
    const draft = await service.make()
    const notCancellable = { status: 409, body: { error: 'EVENT_NOT_CANCELLABLE' } }
    expect(await cancel(draft.eventId)).toMatchObject(notCancellable)
    expect(await cancel(draft.eventId, await stranger())).toMatchObject({ status: 404 })
    const over = await makeOver()
    await completeEvents(service.deps)
    expect(await cancel(over)).toMatchObject(notCancellable)
    const { eventId } = await service.makePublished()
    expect(await cancel(eventId, await stranger())).toMatchObject({
      status: 403,
      body: { error: 'FORBIDDEN' },
    })
    expect(await cancel(randomUUID() as EventId)).toMatchObject({ status: 404 })
  })
  test('is for good, and seen at once by everybody', async () => {
    const { eventId } = await service.makePublished({ name: 'Soon no more' })
    const anyone = service.as()
    const listed = async () =>
      (await anyone.listEvents({ query: { query: 'soon no more' } })).body.events.length
    expect([await listed(), (await anyone.getEvent({ params: { eventId } })).body]).toMatchObject([
      1,
      { status: 'PUBLISHED' },
    ])
    await cancel(eventId)
    expect([await listed(), (await anyone.getEvent({ params: { eventId } })).body]).toMatchObject([
      0,
      { status: 'CANCELLED' },
    ])
    expect(await mine.updateEvent({ params: { eventId }, body: { name: 'Again' } })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_EDITABLE' },
    })
    expect(await mine.publishEvent({ params: { eventId } })).toMatchObject({
      status: 409,
      body: { reasons: ['it is CANCELLED'] },
    })
    const zones = [{ zoneId: 1, name: 'A', rows: [{ rowLabel: 'A', seats: [{ colLabel: '1' }] }] }]
    expect(await mine.putSeatingPlan({ params: { eventId }, body: { zones } })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_EDITABLE' },
    })
  })
})

describe('deleting', () => {
  test('deletes a draft with its seating plan, also from the caches of recent readers', async () => {
    const { eventId } = await service.make()
    const params = { eventId }
    const zones = [{ zoneId: 1, name: 'A', rows: [{ rowLabel: 'A', seats: [{ colLabel: '1' }] }] }]
    await mine.putSeatingPlan({ params, body: { zones } })
    expect(await mine.getEvent({ params })).toMatchObject({ status: 200 })
    expect(await mine.deleteEvent({ params })).toMatchObject({ status: 204 })
    for (const answer of [
      await mine.getEvent({ params }),
      await mine.getSeatingPlan({ params, query: {} }),
      await mine.deleteEvent({ params }),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { error: 'EVENT_NOT_FOUND' } })
    }
    expect(
      (await mine.listMyEvents({ query: { limit: 100 } })).body.events.map((event) => event.eventId),
    ).not.toContain(eventId)
    expect(
      (await service.deps.pool.query('select from seating_plan_versions where event_id = $1', [eventId]))
        .rowCount,
    ).toBe(0)
  })
  test('is published to services with replicas of every event, and to no others', async () => {
    const { eventId } = await service.make()
    await mine.deleteEvent({ params: { eventId } })
    const { rows } = await service.deps.pool.query(
      `select topic, event_type, group_key, (body->>'aggregateVersion')::int as version from outbox
       where body->'payload'->>'eventId' = $1 and topic = 'event-updates.fifo' or event_type = 'EVENT_DELETED'
       order by position`,
      [eventId],
    )
    expect(rows.filter(({ group_key }) => group_key === eventId)).toEqual([
      { topic: 'event-updates.fifo', event_type: 'EVENT_CREATED', group_key: eventId, version: 1 },
      { topic: 'event-updates.fifo', event_type: 'EVENT_DELETED', group_key: eventId, version: 2 },
    ])
  })
  test('is not undone by a reader that was slower', async () => {
    const { eventId } = await service.make()
    const old = await service.deps.cache.event(eventId, async () => null)
    await service.deps.redis.del(`events:event:${eventId}`)
    await service.deps.cache.event(eventId, async () => {
      await mine.deleteEvent({ params: { eventId } })
      return old
    })
    expect(await mine.getEvent({ params: { eventId } })).toMatchObject({ status: 404 })
  })
  test('is for drafts, and for their organizer', async () => {
    const { eventId } = await service.makePublished()
    expect(await mine.deleteEvent({ params: { eventId } })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_DRAFT' },
    })
    const others = await stranger()
    expect(await others.deleteEvent({ params: { eventId } })).toMatchObject({ status: 403 })
    expect(await others.deleteEvent({ params: { eventId: (await service.make()).eventId } })).toMatchObject({
      status: 404,
    })
  })
  test('at the moment of publishing is one or the other', async () => {
    for (let round = 0; round < 10; round++) {
      const params = { eventId: (await service.make()).eventId }
      const [deleted, published] = await Promise.all([
        mine.deleteEvent({ params }),
        mine.publishEvent({ params }),
      ])
      const gone = (await mine.getEvent({ params })).status === 404
      expect([deleted.status, published.status]).toEqual(gone ? [204, 404] : [409, 200])
    }
  })
})

describe('an event that is over', () => {
  test('is completed, published, and can no longer be changed', async () => {
    const eventId = await makeOver()
    await completeEvents(service.deps)
    const message = await service.probe.waitFor(eventUpdated, ({ payload }) => payload.eventId === eventId)
    expect(message).toMatchObject({
      aggregateVersion: 3,
      payload: { status: 'COMPLETED', changed: ['status'] },
    })
    expect(await service.as().getEvent({ params: { eventId } })).toMatchObject({
      body: { status: 'COMPLETED' },
    })
    expect(await mine.updateEvent({ params: { eventId }, body: { name: 'Again' } })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_EDITABLE' },
    })
  })
  test('is completed once by several workers, and nothing else is', async () => {
    const over = await Promise.all(Array.from({ length: 5 }, makeOver))
    const { eventId: onSale } = await service.makePublished()
    const { eventId: draft } = await service.make()
    const { eventId: longer } = await service.makePublished({ endDate: inDays(31) })
    await service.deps.pool.query(
      "update events set event_date = now() - interval '13 hours' where id = any($1)",
      [[draft, longer]],
    )
    await Promise.all([
      completeEvents(service.deps),
      completeEvents(service.deps),
      completeEvents(service.deps),
    ])
    for (const eventId of over) expect(await statusOf(eventId)).toEqual({ status: 'COMPLETED', version: 3 })
    expect([await statusOf(onSale), await statusOf(draft), await statusOf(longer)]).toMatchObject([
      { status: 'PUBLISHED', version: 2 },
      { status: 'DRAFT' },
      { status: 'PUBLISHED', version: 2 },
    ])
  })
  test('is not completed where its message cannot be kept', async () => {
    const eventId = await makeOver()
    const append = vi.spyOn(service.deps.messaging, 'append').mockRejectedValueOnce(new Error('no outbox'))
    await expect(completeEvents(service.deps)).rejects.toThrow('no outbox')
    append.mockRestore()
    expect(await statusOf(eventId)).toMatchObject({ status: 'PUBLISHED' })
  })
})
