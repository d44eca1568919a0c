import { type Payload, type Ticket, ticketsReinstated, ticketsStopped } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { generatedFor, startService, type TestService, ticketOf } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterEach(() => {
  service.world.tickets = []
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>

/** Tickets that a user holds, as the ticket service shows them. */
function held(
  user: User,
  count: number,
  about: Partial<Ticket> = {},
): Omit<Payload<typeof ticketsReinstated>, 'reinstatedAt'> {
  const generated = generatedFor(user, service, count)
  service.world.tickets = generated.tickets.map((_, index) => ticketOf(generated, index, about))
  const { orderId, userId, eventId } = generated
  return { orderId, userId, eventId, ticketIds: generated.tickets.map(({ ticketId }) => ticketId) }
}
const isStopped = { stoppedAt: new Date(), stopReason: 'DISPUTE_LOST' } as const
const mailTo = ({ email }: User) =>
  until(() => {
    const mails = service.ses.mails(email)
    expect(mails).toHaveLength(1)
    return mails[0]?.mail as NonNullable<(typeof mails)[0]>['mail']
  })

test('a holder of stopped tickets gets one mail about all, without a word of the order', async () => {
  const user = await service.user({ locale: 'en' })
  const stop = held(user, 3, isStopped)
  await service.publish(ticketsStopped, { ...stop, reason: 'DISPUTE_LOST', stoppedAt: isStopped.stoppedAt })
  const mail = await mailTo(user)
  expect(mail.subject).toBe('Your tickets for Święto Świateł are stopped')
  for (const words of [
    'TKT-2026-000001, TKT-2026-000002, TKT-2026-000003',
    'The bank of whoever paid',
    'Park Śląski',
    'Zofia',
  ]) {
    expect(mail.html).toContain(words)
    expect(mail.text).toContain(words)
  }
  expect(mail.attachments).toEqual([])
  expect(mail.headers.has('list-unsubscribe')).toBe(false)
  // What it was called is written down once it is out.
  await until(async () => {
    const log = await service.client(user.headers).listNotifications({ query: {} })
    expect(log.body.notifications).toMatchObject([
      { type: 'TICKETS_STOPPED', eventId: stop.eventId, subject: mail.subject },
    ])
    expect(JSON.stringify(log.body)).not.toContain(stop.orderId)
  })
})

test('and one when they are valid again', async () => {
  const user = await service.user({ locale: 'en' })
  await service.publish(ticketsReinstated, { ...held(user, 1), reinstatedAt: new Date() })
  const mail = await mailTo(user)
  expect(mail.subject).toBe('Your ticket for Święto Świateł is valid again')
  expect(mail.text).toContain('the code that you have admits')
})

test('it cannot be turned off', async () => {
  const user = await service.user()
  const preferences = [{ type: 'TICKETS_STOPPED', channel: 'EMAIL', enabled: false } as const]
  expect(await service.client(user.headers).updatePreferences({ body: { preferences } })).toMatchObject({
    status: 400,
  })
})
