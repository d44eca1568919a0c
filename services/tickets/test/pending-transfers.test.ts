import { type TicketId, ticketTransferOffered, ticketTransferred, userEmailVerified } from '@boxoffice/contracts'
import { createProbe, type Probe } from '@boxoffice/messaging/testing'
import { sqlOfPool, type Worker } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRecheckSweep } from '../src/transfers/recheck.ts'
import { buildWorkers } from '../src/workers.ts'
import {
  type Account,
  account,
  buyer,
  codeOf,
  newAddress,
  organizerOf,
  passOn,
  show,
  ticketsOf,
  transferIdOf,
  transfersOf,
} from './people.ts'
import { createSetting, type Setting, some } from './setting.ts'

let setting: Setting
let probe: Probe
let workers: Worker[]
beforeAll(async () => {
  setting = await createSetting()
  probe = await createProbe(setting.aws, ['ticket-events'])
  workers = buildWorkers(setting.deps).filter(({ name }) => !name.includes('addresses of transfers'))
  for (const worker of workers) worker.start()
})
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()))
  await probe.close()
  await setting.close()
})

let confirmed = 0
/** Somebody registers with an address, and confirms it. */
async function confirmAddress(email: string): Promise<Account> {
  const known = await account(setting)
  const { userId } = known
  setting.accounts.set(email, { userId, emailVerified: true })
  confirmed++
  await setting.deps.messaging.transact((tx) =>
    setting.appendAny(tx, userEmailVerified, { userId, email, verifiedAt: new Date() }, { aggregateVersion: 1 }),
  )
  return { ...known, email }
}
const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)
const about = (ticketId: TicketId) => (message: { payload: unknown }) =>
  (message.payload as { ticketId: TicketId }).ticketId === ticketId

describe('a ticket that is passed on to an address that nobody has confirmed', () => {
  it('waits: it stays the sender’s, and looks the same whether there is an account', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId, 2))
    const [one, two] = sender.tickets.map(({ ticketId }) => ticketId) as [TicketId, TicketId]
    const unconfirmed = await account(setting, false)
    const answers = [await passOn(sender, one, unconfirmed.email), await passOn(sender, two, newAddress())]
    const pending = { status: 200, body: { status: 'PENDING', eventId, holderName: 'Bob Nowak' } }
    for (const answer of answers) {
      expect(answer).toMatchObject(pending)
      expect(answer.body).not.toHaveProperty('endedAt')
    }
    expect(await ticketsOf(unconfirmed)).toEqual([])
    const transferId = transferIdOf(answers[0] as (typeof answers)[0])
    expect((await sender.client.getTicket({ params: { ticketId: one } })).body).toMatchObject({ status: 'ACTIVE', transferId })
    expect(await codeOf(sender, one)).toMatch(/./)
    expect(await passOn(sender, one, newAddress())).toMatchObject({
      status: 409,
      body: { error: 'TRANSFER_PENDING', transferId },
    })
    const offered = await probe.waitFor(ticketTransferOffered, about(one))
    expect(offered.payload).toEqual({
      ...{ transferId, ticketId: one, eventId, userId: sender.userId },
      ...{ senderName: 'Ada Nowak', recipientEmail: unconfirmed.email, holderName: 'Bob Nowak' },
    })
  })

  it('is the recipient’s as soon as they confirm the address, with everything else that waits for it', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const [first, second] = [await buyer(setting, eventId, some(typeId)), await buyer(setting, eventId, some(typeId))]
    const email = newAddress()
    const transfers = [await passOn(first, first.ticketId, email), await passOn(second, second.ticketId, email)]
    const recipient = await confirmAddress(email)
    await until(async () => expect(await ticketsOf(recipient)).toHaveLength(2))
    expect(await ticketsOf(recipient)).toMatchObject([{ status: 'ACTIVE' }, { status: 'ACTIVE' }])
    expect(await transfersOf(first)).toMatchObject([{ transferId: transferIdOf(transfers[0] as never), status: 'COMPLETED' }])
    const [ticket] = await ticketsOf(first)
    expect(ticket).toEqual({ ...first.ticket, status: 'TRANSFERRED' })
    await probe.waitFor(ticketTransferred, about(first.ticketId))
    await probe.waitFor(ticketTransferred, about(second.ticketId))
    const params = { transferId: transferIdOf(transfers[0] as never) }
    expect(await first.client.cancelTransfer({ params })).toMatchObject({ status: 409, body: { error: 'TRANSFER_COMPLETED' } })
  })

  it('is completed although the address was confirmed before the transfer was there', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const email = newAddress()
    await passOn(sender, sender.ticketId, email)
    const recipient = await account(setting)
    // The message was taken before, when nothing waited for it.
    setting.accounts.set(email, { userId: recipient.userId, emailVerified: true })
    const { transfers, ...deps } = setting.deps
    const sweep = createRecheckSweep({ ...deps, sql: sqlOfPool(deps.pool), completeFor: transfers.completeFor })
    setting.authIs.away = true
    await sweep()
    expect(await ticketsOf(recipient)).toEqual([])
    setting.authIs.away = false
    await sweep()
    expect(await ticketsOf(recipient)).toHaveLength(1)
    const unchecked = `select 1 from ticket_transfers where status = 'PENDING' and checked_at is null`
    expect((await query(unchecked, [])).rowCount).toBe(0)
  })

  it('is kept after all when its sender says so; another may be named then', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const email = newAddress()
    const params = { transferId: transferIdOf(await passOn(sender, sender.ticketId, email)) }
    const stranger = await account(setting)
    expect((await stranger.client.cancelTransfer({ params })).status).toBe(404)
    expect(await transfersOf(stranger)).toEqual([])
    for (let times = 0; times < 2; times++) expect((await sender.client.cancelTransfer({ params })).status).toBe(204)
    expect(await transfersOf(sender)).toMatchObject([{ status: 'CANCELLED', endedAt: expect.any(Date) }])
    const other = newAddress()
    await passOn(sender, sender.ticketId, other)
    const left = await confirmAddress(email)
    const recipient = await confirmAddress(other)
    await until(async () => expect(await ticketsOf(recipient)).toHaveLength(1))
    expect(await ticketsOf(left)).toEqual([])
  })

  it('ends when its ticket is used, and when it is given back', async () => {
    const { eventId, typeId, organizer } = await setting.offer(5)
    const sender = await buyer(setting, eventId, some(typeId, 2))
    const [used, refunded] = sender.tickets.map(({ ticketId }) => ticketId) as [TicketId, TicketId]
    const email = newAddress()
    await passOn(sender, used, email)
    await passOn(sender, refunded, email)
    const door = await organizerOf(setting, { organizer })
    const admitted = await show(door, eventId, await codeOf(sender, used))
    expect(admitted.status).toBe(200)
    expect(admitted.body).not.toHaveProperty('ticket.transferId')
    const { orderId } = sender
    await setting.internal.cancelOrderTickets({ body: { orderId, ticketIds: [refunded], reason: 'refunded' } })
    expect((await transfersOf(sender)).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED'])
    const { rows } = await query('select reason from ticket_transfers where sender_id = $1 order by reason', [sender.userId])
    expect(rows).toEqual([{ reason: 'TICKET_CANCELLED' }, { reason: 'TICKET_USED' }])
    const recipient = await confirmAddress(email)
    // A later message tells that this one was handled.
    const other = await buyer(setting, eventId, some(typeId))
    const marker = newAddress()
    await passOn(other, other.ticketId, marker)
    const marked = await confirmAddress(marker)
    await until(async () => expect(await ticketsOf(marked)).toHaveLength(1))
    await until(async () =>
      expect((await query(`select 1 from inbox where event_type = 'USER_EMAIL_VERIFIED'`, [])).rowCount).toBe(confirmed),
    )
    expect(await ticketsOf(recipient)).toEqual([])
  })

  it('expires with the event', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const email = newAddress()
    await passOn(sender, sender.ticketId, email)
    await query(
      `update event_pictures set event_date = now() - interval '5 hours', end_date = now() - interval '1 hour'
       where event_id = $1`,
      [eventId],
    )
    expect(await transfersOf(sender)).toMatchObject([{ status: 'EXPIRED' }])
    const { userId } = await account(setting)
    expect(await setting.deps.transact((tx) => setting.deps.transfers.completeFor(tx, { userId, email }))).toBe(0)
    expect(await ticketsOf(sender)).toEqual([sender.ticket])
  })
})
