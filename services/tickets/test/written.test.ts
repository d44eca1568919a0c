import type { UserId } from '@boxoffice/contracts'
import { longNames, refusedAddresses, refusedNames, writtenAddresses, writtenNames } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, buyer, newAddress, organizerOf, passOn, transferIdOf } from './people.ts'
import { newId, some } from './requests.ts'
import { spreadsheetOf } from './spreadsheet.ts'
import { startService, type TestService } from './start-service.ts'

// Names as they are written around the world, at the API of this service. Sent as JSON where a client would
// normalize them.

let setting: TestService
beforeAll(async () => {
  setting = await startService({ TRANSFERS_PER_HOUR_MAX: '10000' })
})
afterAll(() => setting.close())

describe('the name of a ticket holder', () => {
  test('is kept as written, on a transferred ticket and in the spreadsheet', async () => {
    const { eventId, typeId, organizer } = await setting.offer(200, { maxPerOrder: 100 })
    const sender = await buyer(setting, eventId, some(typeId, writtenNames.length + longNames.length))
    const friend = await account(setting)
    const names = [...writtenNames, ...longNames.map((typed) => ({ typed, kept: typed }))]
    const kept: string[] = []
    for (const [index, { typed, kept: name = typed }] of names.entries()) {
      const ticketId = sender.tickets[index]?.ticketId
      const url = `/api/tickets/${ticketId}/transfer`
      const payload = { email: friend.email, holderName: typed }
      const answer = await setting.app.inject({ method: 'POST', url, headers: sender.headers, payload })
      expect(answer.json(), typed).toMatchObject({ holderName: name })
      kept.push(name)
    }
    const { body } = await friend.client.listMyTickets({ query: { limit: 100 } })
    expect(body.tickets.map(({ holderName }) => holderName).sort()).toEqual(kept.toSorted())
    const lines = await spreadsheetOf(setting, eventId, await organizerOf(setting, { organizer }))
    expect(lines.map(({ holderName }) => holderName).sort()).toEqual(kept.toSorted())
  })
  test('that is none is refused, and so is an address that no mail is sent to', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const sender = await buyer(setting, eventId, some(typeId))
    const transfer = (payload: object) =>
      setting.app.inject({
        method: 'POST',
        url: `/api/tickets/${sender.ticketId}/transfer`,
        headers: sender.headers,
        payload,
      })
    const details = (path: string, error: RegExp) => ({
      details: [{ path: `body.${path}`, message: expect.stringMatching(error) }],
    })
    // A holder's name may be twice as long as that of an account.
    for (const { typed, error } of refusedNames.filter(({ error }) => !error.source.includes('100'))) {
      const answer = await transfer({ email: 'bob@example.test', holderName: typed })
      expect(answer.json(), typed).toMatchObject(details('holderName', error))
    }
    for (const { typed, error } of refusedAddresses)
      expect((await transfer({ email: typed, holderName: 'Bob' })).json(), typed).toMatchObject(
        details('email', error),
      )
  })
  test('waits for an address in its one spelling, and the database refuses any other', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const sender = await buyer(setting, eventId, some(typeId))
    const transferId = transferIdOf(await passOn(sender, sender.ticketId, newAddress()))
    for (const email of [
      ' ada@example.test',
      'ada@example.test ',
      'żółć@example.test',
      'ada@bücher.example',
      'ada',
    ]) {
      const rename = setting.deps.pool.query(
        'update ticket_transfers set recipient_email = $2 where transfer_id = $1',
        [transferId, email],
      )
      await expect(rename, email).rejects.toMatchObject({ constraint: 'ticket_transfers_email_one_spelling' })
    }
  })
  test('may be at any address, however it is written', async () => {
    const spellings = writtenAddresses.flatMap(({ kept, typed }) => typed.map((email) => ({ kept, email })))
    const { eventId, typeId } = await setting.offer(spellings.length, { maxPerOrder: 100 })
    const sender = await buyer(setting, eventId, some(typeId, spellings.length))
    for (const { kept } of writtenAddresses)
      setting.accounts.set(kept, { userId: newId<UserId>(), emailVerified: true })
    for (const [index, { kept, email }] of spellings.entries()) {
      const url = `/api/tickets/${sender.tickets[index]?.ticketId}/transfer`
      const payload = { email, holderName: 'Bob' }
      const answer = await setting.app.inject({ method: 'POST', url, headers: sender.headers, payload })
      expect(answer.json(), email).toMatchObject({ status: 'COMPLETED', email: kept })
    }
  })
})
