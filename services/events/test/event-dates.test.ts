import { type Event, eventCancelled, eventUpdated, overAt } from '@boxoffice/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { completeOver } from '../src/catalog/event-repository.ts'
import { searchPublished } from '../src/catalog/search-repository.ts'
import { inDays, startService, type TestService } from './start-service.ts'

let service: TestService
let mine: ReturnType<TestService['as']>
beforeAll(async () => {
  service = await startService()
  mine = service.as(service.organizer.headers)
})
afterEach(() => {
  service.tickets.unavailable = false
})
afterAll(() => service.close())

const HOUR_MS = 3_600_000
const later = (date: Date, hours: number) => new Date(date.getTime() + hours * HOUR_MS)
const show = ({ eventId }: Pick<Event, 'eventId'>) => service.as().getEvent({ params: { eventId } })
const change = ({ eventId }: Pick<Event, 'eventId'>, body: Parameters<typeof mine.updateEvent>[0]['body']) =>
  mine.updateEvent({ params: { eventId }, body })

describe('what hangs on the dates of an event', () => {
  test.each([
    ['an end', (start: Date) => later(start, 3)],
    ['no end', () => null],
  ])(
    'is never later than it: moved to an earlier day with %s, the right to a refund ends with it',
    async (_, endOf) => {
      const event = await service.makePublished({ refundableUntil: inDays(29) })
      const eventDate = inDays(5)
      const endDate = endOf(eventDate)
      const end = overAt({ eventDate, endDate })
      expect(await change(event, { eventDate, endDate })).toMatchObject({
        status: 200,
        body: { refundableUntil: end },
      })
      expect(await show(event)).toMatchObject({ body: { refundableUntil: end } })
      const { payload } = await service.probe.waitFor(
        eventUpdated,
        (message) => message.payload.eventId === event.eventId,
      )
      expect(payload.refundableUntil).toEqual(end)
      expect(payload.changed).toEqual(expect.arrayContaining(['eventDate', 'refundableUntil']))
    },
  )

  test('can be brought forward in the same change by as much as the event is, and not by more', async () => {
    const event = await service.makePublished({ refundableUntil: inDays(20) })
    const eventDate = later(event.eventDate, -10 * 24)
    const promised = inDays(10).getTime()
    const tooEarly = new Date((event.refundableUntil as Date).getTime() - 10 * 24 * HOUR_MS - 1)
    expect(await change(event, { eventDate, refundableUntil: tooEarly })).toMatchObject({
      status: 400,
      body: { details: [{ path: 'body.refundableUntil' }] },
    })
    const asPromised = new Date(tooEarly.getTime() + 1)
    expect(Math.abs(asPromised.getTime() - promised)).toBeLessThan(60_000)
    expect(await change(event, { eventDate, refundableUntil: asPromised })).toMatchObject({
      status: 200,
      body: { eventDate, refundableUntil: asPromised },
    })
  })

  test('is bounded whenever it is said, and what was kept before this rule is shown by it', async () => {
    const made = await service.make({ endDate: inDays(31), refundableUntil: inDays(90) })
    expect(made.refundableUntil).toEqual(made.endDate)
    const published = await service.makePublished()
    expect(await change(published, { refundableUntil: inDays(90) })).toMatchObject({
      body: { refundableUntil: overAt(published) },
    })
    await service.deps.pool.query(
      "update events set refundable_until = event_date + interval '90 days' where id = $1",
      [published.eventId],
    )
    const info = await (await service.internal()).getEventInfo({ params: { eventId: published.eventId } })
    expect(info).toMatchObject({ status: 200, body: { refundableUntil: overAt(published) } })
  })
})

test('SQL and TypeScript agree to the millisecond when an event is over: end and list', async () => {
  const events = [
    await service.makePublished({ name: 'Boundary', eventDate: inDays(60) }),
    await service.makePublished({ name: 'Boundary', eventDate: inDays(60), endDate: inDays(75) }),
    // Hours, not days: the clocks go back in between.
    await service.makePublished({
      name: 'Boundary',
      eventDate: new Date('2028-10-28T20:00:00Z'),
      timeZone: 'Europe/Warsaw',
    }),
  ]
  const rollBack = new Error('only looked')
  for (const event of events) {
    const [before, at] = [new Date(overAt(event).getTime() - 1), overAt(event)]
    const listed = async (from: Date) => {
      const found = await searchPublished(
        service.deps.db,
        { query: 'Boundary', from, limit: 100 },
        { after: null, now: from },
      )
      return found.some((one) => one.event.eventId === event.eventId)
    }
    const completed = async (now: Date) => {
      let ids: string[] = []
      await service.deps.db
        .transact(async (tx) => {
          ids = (await completeOver(tx, { now, limit: 100 })).map(({ eventId }) => eventId)
          throw rollBack
        })
        .catch((error) => {
          if (error !== rollBack) throw error
        })
      return ids.includes(event.eventId)
    }
    expect([await listed(before), await listed(at)]).toEqual([true, false])
    expect([await completed(before), await completed(at)]).toEqual([false, true])
  }
})

describe('the ticket service', () => {
  test('gets every change of a public event before the organizer is answered', async () => {
    const event = await service.makePublished()
    const { replicas } = service.tickets
    expect(replicas.get(event.eventId)).toMatchObject({ status: 'PUBLISHED', version: 2 })
    await change(event, { eventDate: inDays(4) })
    expect(replicas.get(event.eventId)).toMatchObject({ version: 3 })
    await mine.cancelEvent({ params: event, body: { cancellationReason: 'Rain.' } })
    expect(replicas.get(event.eventId)).toMatchObject({ status: 'CANCELLED', version: 4 })
    const draft = await service.make()
    expect(replicas.has(draft.eventId)).toBe(false)
  })

  test('counts the tickets that a cancellation affects; the event is cancelled without it too', async () => {
    const cancelled = async () => {
      const event = await service.makePublished()
      service.tickets.counts.set(event.eventId, 150)
      return event
    }
    const [counted, uncounted] = [await cancelled(), await cancelled()]
    const cancel = (event: Event) =>
      mine.cancelEvent({ params: event, body: { cancellationReason: 'Rain.' } })
    expect(await cancel(counted)).toMatchObject({ status: 200 })
    service.tickets.unavailable = true
    expect(await cancel(uncounted)).toMatchObject({ status: 200, body: { status: 'CANCELLED' } })
    const messageOf = (event: Event) =>
      service.probe.waitFor(eventCancelled, ({ payload }) => payload.eventId === event.eventId)
    expect((await messageOf(counted)).payload.affectedTicketCount).toBe(150)
    expect((await messageOf(uncounted)).payload).not.toHaveProperty('affectedTicketCount')
  })
})
