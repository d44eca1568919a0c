import {
  type EventId,
  type MessageDefinition,
  type Minor,
  type TicketTypeId,
  ticketCheckedIn,
  ticketTypeChanged,
} from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANNOUNCE_BATCH_MAX, createAnnouncementSweep } from '../src/announce.ts'
import { buyer, codeOf, organizerOf, show } from './people.ts'
import { publishedMessages } from './published-messages.ts'
import { some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)
const published = <D extends MessageDefinition>(definition: D, eventId: EventId) =>
  publishedMessages(setting, definition, eventId)

/** Runs one batch of the sweep. */
function announce(): Promise<{ more: boolean }> {
  const { db, messaging } = setting.deps
  return createAnnouncementSweep({ db, appendAll: messaging.appendAll, pauseMs: 0 })()
}

describe('what was not published when it changed', () => {
  test('is published once: current types, withdrawn ones, and admissions', async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const organizer = await organizerOf(setting, offered)
    const guest = await buyer(setting, eventId, some(typeId))
    const admitted = await show(organizer, eventId, await codeOf(guest, guest.ticketId), { gate: 'South' })
    if (admitted.status !== 200) throw new Error('not admitted')
    const withdrawn = await organizer.client.createTicketType({
      body: { eventId, name: 'Early', unitPrice: 1_000 as Minor, currency: 'EUR', quantity: 5 },
    })
    if (withdrawn.status !== 201) throw new Error('no type was made')
    await organizer.client.deleteTicketType({ params: { ticketTypeId: withdrawn.body.ticketTypeId } })

    // As the previous version left it.
    await query('update ticket_types set announced = false, version = 1 where event_id = $1', [eventId])
    await query('update check_ins set announced = false where event_id = $1', [eventId])
    await query(`delete from outbox where body->'payload'->>'eventId' = $1`, [eventId])
    await Promise.all([announce(), announce()])
    await announce()

    const types = await published(ticketTypeChanged, eventId)
    expect(types.toSorted((a, b) => a.payload.name.localeCompare(b.payload.name))).toMatchObject([
      { aggregateVersion: 1, payload: { name: 'Early', quantityTotal: 0, withdrawn: true } },
      {
        aggregateVersion: 1,
        payload: { name: 'Standing', unitPrice: 5_000, quantityTotal: 10, withdrawn: false },
      },
    ])
    const { ticketId, ticketNumber } = guest.ticket
    const { checkedInAt } = admitted.body
    expect(await published(ticketCheckedIn, eventId)).toMatchObject([
      {
        aggregateVersion: 2,
        payload: { ticketId, ticketNumber, userId: guest.userId, checkedInAt, gate: 'South' },
      },
    ])
    await organizer.client.updateTicketType({ params: { ticketTypeId: typeId }, body: { quantity: 11 } })
    expect((await published(ticketTypeChanged, eventId)).at(-1)).toMatchObject({
      aggregateVersion: 2,
      payload: { quantityTotal: 11 },
    })
  })

  test('is published in several batches, and then no more', async () => {
    const { eventId, typeId } = await setting.offer(10)
    while ((await announce()).more) {} // of other tests
    await query(
      `insert into ticket_types (ticket_type_id, event_id, name, unit_price_minor, currency, max_per_order)
       select gen_random_uuid(), event_id, 'Old', unit_price_minor, currency, max_per_order
       from ticket_types, generate_series(1, ${ANNOUNCE_BATCH_MAX + 1}) where ticket_type_id = $1`,
      [typeId],
    )
    await query(
      `insert into ticket_type_counters (ticket_type_id, event_id, capacity)
       select ticket_type_id, event_id, 1 from ticket_types where event_id = $1 and name = 'Old'`,
      [eventId],
    )
    expect([await announce(), await announce(), await announce()]).toEqual([
      { more: true },
      { more: false },
      { more: false },
    ])
    expect(await published(ticketTypeChanged, eventId)).toHaveLength(1 + ANNOUNCE_BATCH_MAX + 1)
  })
})

describe('while the previous version is replaced', () => {
  /** Writes a type as that version does, without a version number or message. */
  const changeSilently = (typeId: TicketTypeId, name: string, capacity: number) =>
    query(
      `with changed as (update ticket_types set name = $2 where ticket_type_id = $1)
       update ticket_type_counters set capacity = $3, updated_at = clock_timestamp()
       where ticket_type_id = $1`,
      [typeId, name, capacity],
    )
  const withdrawSilently = (typeId: TicketTypeId) =>
    query(
      `with withdrawn as (update ticket_types set withdrawn_at = clock_timestamp() where ticket_type_id = $1)
       update ticket_type_counters set capacity = 0, updated_at = clock_timestamp()
       where ticket_type_id = $1`,
      [typeId],
    )

  test('a type that it changes or withdraws later is published again, in its current state', async () => {
    const { eventId, typeId, organizer } = await setting.offer(10)
    await changeSilently(typeId, 'Floor', 10)
    await announce()
    await changeSilently(typeId, 'Floor', 20) // only the capacity, which is in another table
    await announce()
    await changeSilently(typeId, 'Pit', 20)
    const { client } = await setting.user(['ORGANIZER'], organizer.userId)
    // by this version, which publishes
    await client.updateTicketType({ params: { ticketTypeId: typeId }, body: { quantity: 30 } })
    await announce()
    await withdrawSilently(typeId)
    for (let times = 0; times < 2; times++) await announce()

    const messages = await published(ticketTypeChanged, eventId)
    expect(
      messages.map(({ aggregateVersion, payload }) => [
        aggregateVersion,
        payload.name,
        payload.quantityTotal,
      ]),
    ).toEqual([
      [1, 'Standing', 10],
      [2, 'Floor', 10],
      [3, 'Floor', 20],
      [5, 'Pit', 30],
      [6, 'Pit', 0],
    ])
    expect(messages.map(({ payload }) => payload.withdrawn)).toEqual([false, false, false, false, true])
    const { rows } = await query('select announced from ticket_types where ticket_type_id = $1', [typeId])
    expect(rows).toEqual([{ announced: true }])
  })
})
