import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent, publishSeatedEvent } from '../src/events.ts'
import { tokenOf } from '../src/mails.ts'
import { addressOf, expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

// Belongings of the reader of an address, not of the user who typed it in.

let running: TestSystem
let organizer: Person
let friend: Person
let sale: Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  friend = await running.person({ firstName: 'Filip', lastName: 'Φίλος' }, { proven: true })
  sale = await publishEvent(organizer, { name: 'An evening for two', quantity: 50, unitPrice: 4_000 })
})
afterAll(() => running?.expectDocumented())

async function ticketOf(person: Person) {
  const { orderId } = expectStatus(await person.buy({ ...sale, quantity: 1 }), 201)
  const { tickets = [] } = await person.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  return tickets[0]?.ticketId as never
}
const listOf = async (person: Person) =>
  expectStatus(await person.tickets.listMyTickets({ query: {} }), 200).tickets
/** Submits a page's form as a browser without JavaScript does. */
const send = (path: string, fields: Record<string, string>) =>
  fetch(running.edge + path, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })

describe("a user who registers another person's address", () => {
  test('loses access once its reader has confirmed it, and their streams end', async () => {
    const email = addressOf('Victim')
    const maker = await running.person(
      { firstName: 'Mallory', lastName: 'Maker' },
      { email, phone: '+48221234567' },
    )
    const leave = new AbortController()
    const watched = expectStatus(await maker.notifications.watchNotifications({ signal: leave.signal }), 200)
    const watching = (async () => {
      for await (const _ of watched);
      return 'ended'
    })()
    const transfer = { params: { ticketId: await ticketOf(friend) }, body: { email, holderName: 'Wiktoria' } }
    expect(expectStatus(await friend.tickets.transferTicket(transfer), 200).status).toBe('PENDING')

    // The reader does not know the account, and follows the mail's instructions.
    const welcome = await running.mails.waitFor(
      email,
      ({ body }) => tokenOf(body.text, 'verify-email') !== '',
    )
    const code = tokenOf(welcome.body.text, 'verify-email')
    const password = 'a password of the reader'
    expect((await send('/verify-email', { code, password, act: 'confirm' })).status).toBe(401)
    expect((await send('/verify-email', { code, password, new: 'yes', act: 'confirm' })).status).toBe(200)

    for (const path of ['/api/auth/me', '/api/tickets/mine', '/api/payments/orders', '/api/notifications']) {
      await until(async () =>
        expect((await fetch(running.edge + path, { headers: maker.headers() })).status, path).toBe(401),
      )
    }
    expect(await maker.auth.refresh({ body: { refreshToken: maker.session().refreshToken } })).toMatchObject({
      status: 401,
    })
    expect(await maker.auth.login({ body: { email, password: maker.password } })).toMatchObject({
      status: 401,
    })
    expect(await watching).toBe('ended')

    const session = expectStatus(await friend.auth.login({ body: { email, password } }), 200)
    expect(session.user).toMatchObject({ userId: maker.userId, emailVerified: true })
    expect(session.user.phone).toBeUndefined()
    const asReader = async (path: string) =>
      (await (
        await fetch(running.edge + path, { headers: { authorization: `Bearer ${session.accessToken}` } })
      ).json()) as {
        tickets: { status: string }[]
      }
    // Even the reader needs more than the address: the ticket has its own mail.
    expect((await asReader('/api/tickets/mine')).tickets).toEqual([])
    const offer = await running.mails.waitFor(email, ({ body }) => tokenOf(body.text, 'claim-ticket') !== '')
    const claimed = await send('/claim-ticket', { code: tokenOf(offer.body.text, 'claim-ticket'), email })
    expect(claimed.status).toBe(200)
    expect((await asReader('/api/tickets/mine')).tickets).toMatchObject([{ status: 'ACTIVE' }])
  })

  test('does not get the ticket by confirming the address, if another person reads its mail', async () => {
    const [email, other] = [addressOf('Wspolna'), addressOf('Inna')]
    const ticketId = await ticketOf(friend)
    expectStatus(
      await friend.tickets.transferTicket({ params: { ticketId }, body: { email, holderName: 'Inna' } }),
      200,
    )
    const offer = await running.mails.waitFor(email, ({ body }) => tokenOf(body.text, 'claim-ticket') !== '')
    const named = await running.person({ firstName: 'Nazwana', lastName: 'Osoba' }, { email, proven: true })
    const reader = await running.person(
      { firstName: 'Czyta', lastName: 'Pocztę' },
      { email: other, proven: true },
    )
    expect(await listOf(named)).toEqual([])
    const body = { token: tokenOf(offer.body.text, 'claim-ticket') }
    expect(expectStatus(await reader.tickets.claimTransfer({ body }), 200)).toMatchObject({
      status: 'ACTIVE',
    })
    expect(await named.tickets.claimTransfer({ body })).toMatchObject({
      status: 409,
      body: { error: 'TRANSFER_ENDED' },
    })
    expect(await listOf(named)).toEqual([])
  })
})

describe('an account with an unconfirmed address', () => {
  test('can buy, but cannot make us write to others: no transfers, organizing or publishing', async () => {
    const unproven = await running.person({ firstName: 'Mallory', lastName: 'Mailer' })
    const ticketId = await ticketOf(unproven)
    const strangers = Array.from({ length: 3 }, () => addressOf('Stranger'))
    const refused = { status: 403, body: { error: 'EMAIL_NOT_VERIFIED' } }
    for (const email of strangers) {
      const passing = unproven.tickets.transferTicket({
        params: { ticketId },
        body: { email, holderName: 'You won' },
      })
      expect(await passing).toMatchObject(refused)
    }
    expect(await unproven.auth.becomeOrganizer({})).toMatchObject(refused)
    // A mail that is later than any of those would be.
    await unproven.confirmAddress()
    const marker = addressOf('Marker')
    expectStatus(
      await unproven.tickets.transferTicket({
        params: { ticketId },
        body: { email: marker, holderName: 'Marker' },
      }),
      200,
    )
    const mail = await running.mails.waitFor(marker, /./)
    expect(mail.subject).toBe('Someone has a ticket for you')
    for (const email of strangers) expect(await running.mails.list(email)).toEqual([])
  })

  test('is refused a name with a link, as every account is', async () => {
    for (const firstName of ['See evil.com', 'https://evil.example', 'www.evil']) {
      const raw = await fetch(`${running.edge}/api/auth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          email: addressOf('Mallory'),
          password: 'a long password',
          firstName,
          lastName: 'X',
        }),
      })
      expect(await raw.json()).toMatchObject({
        error: 'VALIDATION_FAILED',
        details: [{ path: 'body.firstName' }],
      })
    }
  })

  test('can buy for an address whose reader sees nothing of the event in a subject', async () => {
    const unproven = await running.person({ firstName: 'Ula', lastName: 'Cicha' })
    await ticketOf(unproven)
    const mail = await running.mails.waitFor(unproven.email, ({ attachments }) => attachments.length > 0)
    expect(mail.body.text).toContain('An evening for two')
    for (const { subject } of await running.mails.list(unproven.email))
      expect(subject).not.toContain('An evening for two')
  })
})

test('every stream ends with the session that opened it', async () => {
  const owner = await running.person({ firstName: 'Odile', lastName: 'Organizer' }, { organizer: true })
  const { eventId } = await publishSeatedEvent(owner, 'Watched from everywhere')
  const began: unknown[] = []
  // An order's stream also ends with the order; this order stays open while the gateway does not respond.
  const orderId = await running.whileGatewayStands(async () => {
    const { orderId } = expectStatus(await owner.buy({ ...sale, quantity: 1 }, { async: true }), 202)
    const streams: AsyncIterable<unknown>[] = [
      expectStatus(await owner.notifications.watchNotifications({}), 200),
      expectStatus(await owner.tickets.watchSeatMap({ query: { eventId } }), 200),
      expectStatus(await owner.sales.watchSales({ params: { eventId }, query: {} }), 200),
      expectStatus(await owner.payments.watchOrder({ params: { orderId } }), 200),
    ]
    const ends = streams.map(async (stream) => {
      let items = 0
      for await (const _ of stream) {
        if (++items === 1) began.push(stream)
      }
    })
    await until(() => expect(began).toHaveLength(streams.length))
    await owner.auth.logout({ body: { refreshToken: owner.session().refreshToken } })
    await Promise.all(ends)
    await owner.signIn()
    expect(expectStatus(await owner.payments.getOrder({ params: { orderId } }), 200).status).toBe('PENDING')
    return orderId
  })
  await owner.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
