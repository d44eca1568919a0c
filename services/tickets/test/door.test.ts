import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import type { CheckIn, EventId, TicketId } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signCode } from '../src/tickets/codes.ts'
import { account, buyer, codeOf, organizerOf, show } from './people.ts'
import { newId, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

/** An event with one guest, who has a general ticket. */
async function evening() {
  const offered = await setting.offer(10)
  const { eventId, typeId } = offered
  const organizer = await organizerOf(setting, offered)
  const guest = await buyer(setting, eventId, some(typeId))
  return { eventId, typeId, organizer, guest, code: await codeOf(guest, guest.ticketId) }
}

describe('the door', () => {
  test('admits a ticket once, and says when and where it was used', async () => {
    const { eventId, organizer, guest, code } = await evening()
    const admitted = await show(organizer, eventId, ` ${code}\n`, { gate: 'North' })
    expect(admitted).toMatchObject({
      status: 200,
      body: {
        admitted: true,
        ticket: { ...guest.ticket, status: 'CHECKED_IN' },
        checkedInAt: expect.any(Date),
        gate: 'North',
      },
    })
    if (admitted.status !== 200) throw new Error('not admitted')
    const { checkedInAt } = admitted.body
    expect(await show(organizer, eventId, code, { gate: 'South' })).toMatchObject({
      status: 409,
      body: { error: 'ALREADY_CHECKED_IN', checkedInAt, gate: 'North' },
    })
    expect((await guest.client.getTicket({ params: { ticketId: guest.ticketId } })).body).toMatchObject({
      status: 'CHECKED_IN',
    })
    const { rows } = await query('select * from check_ins where ticket_id = $1', [guest.ticketId])
    expect(rows).toMatchObject([
      { event_id: eventId, gate: 'North', checked_in_by: organizer.userId, checked_in_at: checkedInAt },
    ])
  })

  test('shows the seat of a seated ticket', async () => {
    const offered = await setting.offerSeats([[3]])
    const { eventId, typeId } = offered
    const guest = await buyer(setting, eventId, seats(typeId, '1-A-2'))
    const answer = await show(
      await organizerOf(setting, offered),
      eventId,
      await codeOf(guest, guest.ticketId),
    )
    expect(answer).toMatchObject({
      status: 200,
      body: { ticket: { seat: { zoneId: 1, rowLabel: 'A', colLabel: '2' } } },
    })
    expect(answer.body).not.toHaveProperty('gate')
  })

  test('admits one of fifty who show the same code at the same moment', async () => {
    const { eventId, organizer, code, guest } = await evening()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, gate) => show(organizer, eventId, code, { gate: `Gate ${gate}` })),
    )
    const admitted = answers.filter(({ status }) => status === 200)
    expect(admitted).toHaveLength(1)
    const [
      {
        body: { checkedInAt, gate },
      },
    ] = admitted as [{ status: 200; body: CheckIn }]
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(answer).toMatchObject({ status: 409, body: { error: 'ALREADY_CHECKED_IN', checkedInAt, gate } })
    }
    expect((await query('select 1 from check_ins where ticket_id = $1', [guest.ticketId])).rowCount).toBe(1)
  })

  test('admits codes that are shown together in one transaction, and answers each separately', async () => {
    const { eventId, typeId, organizer, code } = await evening()
    const guests = await Promise.all([1, 2, 3].map(() => buyer(setting, eventId, some(typeId))))
    const codes = await Promise.all(guests.map((guest) => codeOf(guest, guest.ticketId)))
    const elsewhere = (await evening()).code
    expect((await show(organizer, eventId, code)).status).toBe(200)
    const event = await setting.deps.findEventReplica(eventId)
    if (!event) throw new Error('no event')
    const at = { event, gate: null, by: organizer.userId, requestId: 'together' }
    const results = await Promise.all(
      [...codes, code, elsewhere].map((each) =>
        setting.deps.checkIn({ ...at, checkInId: newId<string>(), code: each }),
      ),
    )
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'admitted',
      'admitted',
      'admitted',
      'refused',
      'unknown',
    ])
    const { rows } = await query('select distinct xmin::text from check_ins where ticket_id = any($1)', [
      guests.map(({ ticketId }) => ticketId),
    ])
    expect(rows).toHaveLength(1)
  })

  test('answers a repetition under its key as admitted, even if the process had died', async () => {
    const { eventId, organizer, code } = await evening()
    const key = newId<string>()
    const first = await show(organizer, eventId, code, { gate: 'North', key })
    expect(await show(organizer, eventId, code, { gate: 'North', key })).toEqual(first)
    await query(
      `update idempotency_keys set status = null, answer = null, leased_until = now() - interval '1 second'
       where key = $1`,
      [key],
    )
    expect(await show(organizer, eventId, code, { gate: 'North', key })).toEqual(first)
    expect(await show(organizer, eventId, code, { key: newId() })).toMatchObject({
      body: { error: 'ALREADY_CHECKED_IN' },
    })
  })

  test('stays closed for a ticket that was refunded, or is for another event of the organizer', async () => {
    const { eventId, typeId, organizer, guest, code } = await evening()
    const other = await setting.user(['ORGANIZER'], organizer.userId)
    const second = setting.addEvent({ organizerId: organizer.userId })
    expect(await show(other, second.eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'WRONG_EVENT' },
    })
    await setting.internal.cancelOrderTickets({ body: { orderId: guest.orderId, reason: 'refunded' } })
    expect(await show(organizer, eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_CANCELLED' },
    })
    expect(await setting.counters(typeId)).toMatchObject({ sold: 0 })
  })

  test('stays closed when the event is cancelled', async () => {
    const { eventId, organizer, code, guest } = await evening()
    await query(`update event_pictures set status = 'CANCELLED' where event_id = $1`, [eventId])
    expect(await show(organizer, eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'EVENT_CANCELLED' },
    })
    await setting.internal.cancelOrderTickets({
      body: { orderId: guest.orderId, reason: 'EVENT_CANCELLED', force: true },
    })
    expect(await show(organizer, eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_CANCELLED' },
    })
  })

  test('knows no forged, no foreign and no older code, and no garbage', async () => {
    const { eventId, organizer, guest, code } = await evening()
    const foreign = await evening()
    const forged = Buffer.from(code, 'base64url')
    forged[30] = (forged[30] ?? 0) ^ 1
    const { ticketId } = guest
    const codes = [
      forged.toString('base64url'),
      foreign.code,
      signCode({ ticketId: newId<TicketId>(), eventId, codeVersion: 1 }, setting.deps.codeKey),
      signCode({ ticketId, eventId: foreign.eventId, codeVersion: 1 }, setting.deps.codeKey),
      `${code}=`,
      code.slice(1),
      ticketId,
      "' or 1=1 --",
      '\u0000',
      '🎫',
      'A'.repeat(2_000),
    ]
    for (const shown of codes) {
      expect(await show(organizer, eventId, shown), shown).toMatchObject({
        status: 404,
        body: { error: 'TICKET_NOT_FOUND' },
      })
    }
    await query('update tickets set code_version = 2 where ticket_id = $1', [ticketId])
    expect(await show(organizer, eventId, code)).toMatchObject({ status: 404 })
    const newCode = await codeOf(guest, ticketId)
    expect(await show(organizer, eventId, newCode)).toMatchObject({ status: 200 })
  })

  test("is open to the event's organizer only: others get 403, and 404 for a draft", async () => {
    const { eventId, code, organizer } = await evening()
    const stranger = await setting.user(['ORGANIZER'])
    const draft = setting.addEvent({ status: 'DRAFT' })
    for (const [event, status] of [
      [eventId, 403],
      [draft.eventId, 404],
      [newId<EventId>(), 404],
    ] as const) {
      expect((await show(stranger, event, code)).status).toBe(status)
      expect((await stranger.client.getCheckInKey({ query: { eventId: event } })).status).toBe(status)
      expect((await stranger.client.listAttendees({ query: { eventId: event } })).status).toBe(status)
    }
    const guest = await account(setting)
    expect((await show(guest, eventId, code)).status).toBe(403)
    expect((await show(organizer, eventId, code)).status).toBe(200)
  })
})

describe('after the key of codes was replaced', () => {
  const newKey = (kid: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const jwk = (key: { export(options: { format: 'jwk' }): object }) =>
      ({ ...key.export({ format: 'jwk' }), kid }) as never
    return { ticketSigningKey: jwk(privateKey), publicKey: jwk(publicKey) }
  }
  const publicHalf = ({ d: _, ...jwk }: TestService['config']['ticketSigningKey']) => jwk

  test('tickets of both keys are admitted, each once, and scanners get both', async () => {
    const { eventId, organizer, guest, code } = await evening()
    const next = newKey('tickets-next')
    const ticketPreviousPublicKeys = [publicHalf(setting.config.ticketSigningKey)]
    const replaced = setting.instance({ ticketSigningKey: next.ticketSigningKey, ticketPreviousPublicKeys })
    const door = { client: replaced.client(organizer.headers) }

    const newCode = await codeOf({ client: replaced.client(guest.headers) }, guest.ticketId)
    expect(newCode).not.toBe(code)
    const answer = await door.client.getCheckInKey({ query: { eventId } })
    if (answer.status !== 200) throw new Error('no keys')
    const carried = [newCode, code].map((shown) => Buffer.from(shown, 'base64url').toString('hex', 1, 5))
    expect(answer.body.keys.map(({ kid }) => kid)).toEqual(carried)
    expect(JSON.stringify(answer.body)).not.toMatch(/"d":/)

    expect((await show(door, eventId, code)).status).toBe(200)
    expect(await show(door, eventId, newCode)).toMatchObject({
      status: 409,
      body: { error: 'ALREADY_CHECKED_IN' },
    })
    await replaced.close()
  })

  test('an instance that does not sign with it yet admits its codes once it has the public key', async () => {
    const { eventId, organizer, guest } = await evening()
    const next = newKey('tickets-after')
    const replaced = setting.instance({ ticketSigningKey: next.ticketSigningKey })
    const newCode = await codeOf({ client: replaced.client(guest.headers) }, guest.ticketId)
    expect(await show(organizer, eventId, newCode)).toMatchObject({
      status: 404,
      body: { error: 'TICKET_NOT_FOUND' },
    })
    const prepared = setting.instance({ ticketPreviousPublicKeys: [next.publicKey] })
    expect((await show({ client: prepared.client(organizer.headers) }, eventId, newCode)).status).toBe(200)
    await Promise.all([replaced.close(), prepared.close()])
  })
})

test('the public key alone verifies a mailed code, and gives its content', async () => {
  const offered = await setting.offerSeats([[3]])
  const { eventId, typeId } = offered
  const guest = await buyer(setting, eventId, seats(typeId, '1-A-3'))
  const code = await codeOf(guest, guest.ticketId)
  const answer = await (await organizerOf(setting, offered)).client.getCheckInKey({ query: { eventId } })
  if (answer.status !== 200) throw new Error('no key')
  const { keys, format } = answer.body
  expect(format).toMatch(/Ed25519/)
  expect(JSON.stringify(keys)).not.toMatch(/"d":/)

  // From here on, without any code of this service.
  const bytes = Buffer.from(code, 'base64url')
  const key = keys.find(({ kid }) => kid === bytes.toString('hex', 1, 5))
  const publicKey = createPublicKey({ key: key as never, format: 'jwk' })
  const [said, signature] = [bytes.subarray(0, -64), bytes.subarray(-64)]
  expect(verify(null, said, publicKey, signature)).toBe(true)
  expect(said.toString('hex', 5, 21)).toBe(guest.ticketId.replaceAll('-', ''))
  expect(said.toString('hex', 21, 37)).toBe(eventId.replaceAll('-', ''))
  expect(said.toString('utf8', 41)).toBe('1-A-3')
  expect(verify(null, Buffer.concat([said, Buffer.from('0')]), publicKey, signature)).toBe(false)
})
