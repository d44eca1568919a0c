import {
  type TicketId,
  type TransferId,
  ticketsMailingRoutes,
  ticketTransferOffered,
  ticketTransferred,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { transferSubscribers } from '../src/transfers/subscriptions.ts'
import {
  type Account,
  account,
  buyer,
  claim,
  codeOf,
  newAddress,
  organizerOf,
  passOn,
  secretOf,
  show,
  ticketsOf,
  transferIdOf,
  transfersOf,
} from './people.ts'
import { newId, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({ OFFERS_TO_ADDRESS_PER_DAY_MAX: '3' }, { workers: 'all' })
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)
const about = (ticketId: TicketId) => (message: { payload: unknown }) =>
  (message.payload as { ticketId: TicketId }).ticketId === ticketId

/** A ticket offered to an address. */
async function offered(email = newAddress(), quantity = 1) {
  const { eventId, typeId, organizer } = await setting.offer(5)
  const sender = await buyer(setting, eventId, some(typeId, quantity))
  const transferId = transferIdOf(await passOn(sender, sender.ticketId, email))
  return {
    eventId,
    typeId,
    organizer,
    sender,
    email,
    transferId,
    secret: await secretOf(setting, transferId),
  }
}
/** Creates an account with this address and confirms it; the service receives the message. */
async function confirmAddress(email: string): Promise<Account> {
  const known = await account(setting)
  const { userId } = known
  setting.accounts.set(email, { userId, emailVerified: true })
  const published = { payload: { userId, email, verifiedAt: new Date() } }
  for (const { handle } of transferSubscribers)
    await setting.deps.db.transact((tx) => handle(tx, published as never))
  return { ...known, email }
}
const refused = (error: string) => ({ status: 409, body: { error } })

describe('a ticket that is offered to an address without a confirmed account', () => {
  test('waits: it stays the sender’s, and looks the same whether there is an account', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId, 2))
    const [one, two] = sender.tickets.map(({ ticketId }) => ticketId) as [TicketId, TicketId]
    const unconfirmed = await account(setting, false)
    const answers = [await passOn(sender, one, unconfirmed.email), await passOn(sender, two, newAddress())]
    const pending = { status: 200, body: { status: 'PENDING', eventId, holderName: 'Bob Nowak' } }
    for (const answer of answers) {
      expect(answer).toMatchObject(pending)
      expect(Object.keys(answer.body).toSorted()).toEqual(
        ['createdAt', 'email', 'eventId', 'holderName', 'status', 'ticketId', 'transferId'].toSorted(),
      )
    }
    expect(await ticketsOf(unconfirmed)).toEqual([])
    const transferId = transferIdOf(answers[0] as (typeof answers)[0])
    expect((await sender.client.getTicket({ params: { ticketId: one } })).body).toMatchObject({
      status: 'ACTIVE',
      transferId,
    })
    expect(await codeOf(sender, one)).toMatch(/./)
    expect(await passOn(sender, one, newAddress())).toMatchObject({
      status: 409,
      body: { error: 'TRANSFER_PENDING', transferId },
    })
    const published = await setting.probe.waitFor(ticketTransferOffered, about(one))
    expect(published.payload).toEqual({
      ...{ transferId, ticketId: one, eventId, userId: sender.userId },
      ...{ senderName: 'Ada Nowak', recipientEmail: unconfirmed.email, holderName: 'Bob Nowak' },
    })
  })

  test('does not go to an account just because it has that address and confirms it', async () => {
    const { sender, email, secret } = await offered()
    const squatter = await confirmAddress(email)
    expect(await ticketsOf(squatter)).toEqual([])
    expect(await transfersOf(sender)).toMatchObject([{ status: 'PENDING' }])
    const reader = await account(setting)
    expect(await claim(reader, secret)).toMatchObject({ status: 200, body: { status: 'ACTIVE' } })
    expect(await ticketsOf(squatter)).toEqual([])
  })

  test('goes to any account that claims it with the mailed secret; again returns the same one', async () => {
    const { eventId, sender, secret, transferId } = await offered()
    const recipient = await account(setting)
    const answers = await Promise.all(Array.from({ length: 4 }, () => claim(recipient, secret)))
    expect(answers).toMatchObject(
      Array(4).fill({ status: 200, body: { eventId, status: 'ACTIVE', holderName: 'Bob Nowak' } }),
    )
    expect(await ticketsOf(recipient)).toHaveLength(1)
    const [ticket] = await ticketsOf(sender)
    expect(ticket).toEqual({ ...sender.ticket, status: 'TRANSFERRED' })
    const { payload } = await setting.probe.waitFor(ticketTransferred, about(sender.ticketId))
    expect(payload).toMatchObject({ userId: sender.userId, recipientId: recipient.userId })
    expect(await transfersOf(sender)).toMatchObject([{ transferId, status: 'COMPLETED' }])
    expect(JSON.stringify(await transfersOf(sender))).not.toContain(payload.newTicketId)
    expect(JSON.stringify(await transfersOf(sender))).not.toContain(recipient.userId)
    const params = { transferId }
    expect(await sender.client.cancelTransfer({ params })).toMatchObject(refused('TRANSFER_COMPLETED'))
    expect(await claim(await account(setting), secret)).toMatchObject(refused('TRANSFER_ENDED'))
    expect((await setting.mailing.getTransferInfo({ params })).body).not.toHaveProperty('claimToken')
  })

  test('is not claimed by its sender, an unproven account, or without the secret', async () => {
    const { sender, secret, transferId } = await offered()
    expect(await claim(sender, secret)).toMatchObject(refused('TRANSFER_TO_SELF'))
    const unconfirmed = await account(setting, false)
    expect(await claim(unconfirmed, secret)).toMatchObject({
      status: 403,
      body: { error: 'EMAIL_NOT_VERIFIED' },
    })
    const recipient = await account(setting)
    const others = [transferId, secret.slice(0, -4), `${secret}A`, await codeOf(sender, sender.ticketId)]
    for (const token of others) {
      expect(await claim(recipient, token), token).toMatchObject({
        status: 404,
        body: { error: 'TRANSFER_NOT_FOUND' },
      })
    }
    expect(await ticketsOf(recipient)).toEqual([])
  })

  test('gives its secret only to the service that mails it', async () => {
    const { sender, transferId } = await offered()
    const headers = await setting.authority.service('payment-service', 'ticket-service')
    const asking = injectClient(setting.app, ticketsMailingRoutes, headers).getTransferInfo({
      params: { transferId },
    })
    expect(await asking.catch((error) => error)).toMatchObject({ status: 403 })
    const { rows } = await query('select t::text as text from ticket_transfers t where transfer_id = $1', [
      transferId,
    ])
    const outbox = await query('select o::text as text from outbox o')
    const secret = await secretOf(setting, transferId)
    expect(JSON.stringify([rows, outbox.rows, await transfersOf(sender)])).not.toContain(secret)
  })

  test('stays the sender’s when the transfer is cancelled, and can then be offered to another', async () => {
    const { sender, transferId, secret } = await offered()
    const params = { transferId }
    const stranger = await account(setting)
    expect((await stranger.client.cancelTransfer({ params })).status).toBe(404)
    expect(await transfersOf(stranger)).toEqual([])
    for (let times = 0; times < 2; times++)
      expect((await sender.client.cancelTransfer({ params })).status).toBe(204)
    expect(await transfersOf(sender)).toMatchObject([{ status: 'CANCELLED', endedAt: expect.any(Date) }])
    const other = transferIdOf(await passOn(sender, sender.ticketId, newAddress()))
    expect(await claim(stranger, secret)).toMatchObject(refused('TRANSFER_ENDED'))
    expect(await claim(stranger, await secretOf(setting, other))).toMatchObject({ status: 200 })
  })

  test('ends when its ticket is used, and when it is given back', async () => {
    const { eventId, typeId, organizer } = await setting.offer(5)
    const sender = await buyer(setting, eventId, some(typeId, 2))
    const [used, refunded] = sender.tickets.map(({ ticketId }) => ticketId) as [TicketId, TicketId]
    const email = newAddress()
    const transfers = [await passOn(sender, used, email), await passOn(sender, refunded, email)].map(
      transferIdOf,
    )
    const secrets = await Promise.all(transfers.map((transferId) => secretOf(setting, transferId)))
    const door = await organizerOf(setting, { organizer })
    const admitted = await show(door, eventId, await codeOf(sender, used))
    expect(admitted.status).toBe(200)
    expect(admitted.body).not.toHaveProperty('ticket.transferId')
    const { orderId } = sender
    await setting.internal.cancelOrderTickets({
      body: { orderId, ticketIds: [refunded], reason: 'refunded' },
    })
    expect((await transfersOf(sender)).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED'])
    const { rows } = await query('select reason from ticket_transfers where sender_id = $1 order by reason', [
      sender.userId,
    ])
    expect(rows).toEqual([{ reason: 'TICKET_CANCELLED' }, { reason: 'TICKET_USED' }])
    const recipient = await account(setting)
    for (const secret of secrets)
      expect(await claim(recipient, secret)).toMatchObject(refused('TRANSFER_ENDED'))
    expect(await ticketsOf(recipient)).toEqual([])
  })

  test('expires with the event', async () => {
    const { eventId, sender, secret } = await offered()
    await query(
      `update event_pictures set event_date = now() - interval '5 hours', end_date = now() - interval '1 hour'
       where event_id = $1`,
      [eventId],
    )
    expect(await transfersOf(sender)).toMatchObject([{ status: 'EXPIRED' }])
    expect(await claim(await account(setting), secret)).toMatchObject(refused('TRANSFER_ENDED'))
    expect(await ticketsOf(sender)).toEqual([sender.ticket])
  })
})

describe('the page behind the link in its mail', () => {
  const send = (fields: Record<string, string>) =>
    setting.app.inject({
      method: 'POST',
      url: '/claim-ticket',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
    })

  test('gives it to the account that its reader names, if its address is confirmed', async () => {
    const { secret } = await offered()
    const page = await setting.app.inject('/claim-ticket')
    expect(page.body).toContain('action="/claim-ticket"')
    expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    const [recipient, unconfirmed] = [await account(setting), await account(setting, false)]
    for (const email of [newAddress(), unconfirmed.email])
      expect((await send({ code: secret, email })).statusCode).toBe(409)
    expect((await send({ code: secret, email: 'x' })).statusCode).toBe(400)
    // Without the secret, no one learns who has an account.
    for (const email of [newAddress(), recipient.email])
      expect((await send({ code: 'x', email })).statusCode).toBe(404)
    expect(await ticketsOf(recipient)).toEqual([])
    const code = `https://boxoffice.test/claim-ticket#token=${secret}`
    const taken = await send({ code, email: ` ${recipient.email} ` })
    expect([taken.statusCode, taken.body]).toEqual([200, expect.stringContaining('The ticket is yours')])
    expect(await ticketsOf(recipient)).toMatchObject([{ status: 'ACTIVE' }])
    expect((await send({ code, email: (await account(setting)).email })).statusCode).toBe(409)
  })
})

describe('mails to a stranger', () => {
  test('are refused to senders whose own address is not confirmed', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const unproven = await setting.user(['USER'], sender.userId, false)
    const passing = unproven.client.transferTicket({
      params: { ticketId: sender.ticketId },
      body: { email: newAddress(), holderName: 'Bob' },
    })
    expect(await passing).toMatchObject({ status: 403, body: { error: 'EMAIL_NOT_VERIFIED' } })
    expect(await transfersOf(sender)).toEqual([])
  })

  test('are limited per day, for all senders and withdrawn offers together, not for accounts', async () => {
    const email = newAddress()
    const senders = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { eventId, typeId } = await setting.offer(3)
        return buyer(setting, eventId, some(typeId))
      }),
    )
    const answers = await Promise.all(senders.map((sender) => passOn(sender, sender.ticketId, email)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 429, 429])
    for (const [index, sender] of senders.entries()) {
      if (answers[index]?.status !== 200) continue
      const transferId = transferIdOf(answers[index])
      expect((await sender.client.cancelTransfer({ params: { transferId } })).status).toBe(204)
      expect(await passOn(sender, sender.ticketId, email)).toMatchObject({
        status: 429,
        body: { error: 'RATE_LIMITED' },
      })
    }
    const known = await account(setting)
    for (const sender of senders)
      expect((await passOn(sender, sender.ticketId, known.email)).status).toBe(200)
    await query(
      `update ticket_transfers set offered_at = now() - interval '25 hours' where recipient_email = $1`,
      [email],
    )
    const { eventId, typeId } = await setting.offer(3)
    const later = await buyer(setting, eventId, some(typeId))
    expect((await passOn(later, later.ticketId, email)).status).toBe(200)
  })

  test.each(['https://evil.example', 'Win at evil.com', 'www.evil'])(
    'never contain a name with a link: %s',
    async (holderName) => {
      const sender = await account(setting)
      const answer = await setting.app.inject({
        method: 'POST',
        url: `/api/tickets/${newId<TicketId>()}/transfer`,
        headers: sender.headers,
        payload: { email: newAddress(), holderName },
      })
      expect(answer.json()).toMatchObject({
        error: 'VALIDATION_FAILED',
        details: [{ path: 'body.holderName' }],
      })
    },
  )
})

test('a transfer from before secrets existed has one too', async () => {
  const { transferId, secret } = await offered()
  await query('update ticket_transfers set offered_at = null where transfer_id = $1', [
    transferId as TransferId,
  ])
  expect(await claim(await account(setting), secret)).toMatchObject({ status: 200 })
})
