import { randomUUID } from 'node:crypto'
import {
  eventCancelled,
  eventUpdated,
  type Minor,
  type RefundId,
  refundProcessed,
  type TicketId,
  ticketsGenerated,
  ticketsReinstated,
  ticketsStopped,
  ticketTransferred,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { failedFor, generatedFor, startService, type TestService, ticketOf } from './start-service.ts'

const PER_DAY = 5

let service: TestService
beforeAll(async () => {
  service = await startService({ MAIL_BY_OTHERS_PER_DAY: String(PER_DAY) })
  service.work()
})
afterEach(() => {
  service.world.tickets = []
  service.world.holders = []
  service.world.order = {}
  service.world.event.status = 'PUBLISHED'
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>

const mailsTo = ({ email }: User) => service.ses.mails(email).map(({ mail }) => mail)
const lastTo = (user: User) => mailsTo(user).at(-1)
/** All messages are handled, and everything that may be sent now is sent. */
const settledFor = (user: User) =>
  until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows.filter(({ status, heldUntil }) => status !== 'SENT' && heldUntil === null)).toEqual([])
    return rows
  })
/** What waits goes as if so long had gone by. */
async function after(hours: number, user: User): Promise<void> {
  await service.deps.pool.query(
    `update notifications set placed_at = placed_at - $2 * interval '1 hour',
       held_until = held_until - $2 * interval '1 hour',
       next_attempt_at = next_attempt_at - $2 * interval '1 hour' where recipient_id = $1`,
    [user.userId, hours],
  )
  service.deps.sender.nudge()
}
/** Messages that were all taken in. */
async function taken(eventType: string, publish: () => Promise<unknown>, count: number): Promise<void> {
  const before = await service.consumed(eventType, 'done')
  await publish()
  await until(async () => expect(await service.consumed(eventType, 'done')).toBe(before + count))
}

/** Tickets that as many users hand to one, and that are good. */
async function handOver(recipient: User, count: number): Promise<void> {
  const publish = async () => {
    for (let index = 0; index < count; index++) {
      const sender = await service.user()
      const old = ticketOf(generatedFor(sender, service, 1), 0)
      const ticketNumber = `TKT-2026-${String(service.world.tickets.length + 1).padStart(6, '0')}`
      const fresh = { ...old, ticketId: randomUUID() as TicketId, ticketNumber, holderName: 'Ελένη Παππά' }
      service.world.tickets.push(fresh)
      const { orderId, eventId, ticketId, ticketTypeId } = old
      const about = { orderId, eventId, ticketId, ticketTypeId, ticketNumber: old.ticketNumber }
      const to = {
        recipientId: recipient.userId,
        recipientEmail: recipient.email,
        holderName: fresh.holderName,
      }
      await service.publish(ticketTransferred, {
        ...about,
        userId: sender.userId,
        newTicketId: fresh.ticketId,
        ...to,
      })
    }
  }
  await taken('TICKET_TRANSFERRED', publish, count)
}

test('of thirty tickets by thirty senders the first come alone, all others in one mail', async () => {
  const recipient = await service.user({ locale: 'en' })
  await handOver(recipient, 30)
  await settledFor(recipient)
  await until(() => expect(mailsTo(recipient)).toHaveLength(PER_DAY))
  await after(1, recipient)
  await until(() => expect(mailsTo(recipient)).toHaveLength(PER_DAY + 1))
  const texts = mailsTo(recipient).map(({ text }) => text ?? '')
  for (const { ticketNumber } of service.world.tickets)
    expect(
      texts.filter((text) => text.includes(ticketNumber)),
      ticketNumber,
    ).toHaveLength(1)
  const last = lastTo(recipient)
  expect(last?.subject).toBe('Tickets that were handed to you')
  expect(last?.html).toContain('TKT-2026-000030')
  expect(last?.text).toContain('Święto Świateł')
  expect(last?.attachments).toEqual([])
  await settledFor(recipient)
  expect(await service.rows(recipient.userId)).toHaveLength(PER_DAY + 1)
})

test('a ticket stopped and reinstated repeatedly gives few mails, the last with its state', async () => {
  for (const isStopped of [true, false]) {
    const holder = await service.user({ locale: 'en' })
    const generated = generatedFor(holder, service, 1)
    const { orderId, userId, eventId } = generated
    const about = { orderId, userId, eventId, ticketIds: generated.tickets.map(({ ticketId }) => ticketId) }
    const be = (stopped: boolean) => {
      const stop = stopped ? { stoppedAt: new Date(), stopReason: 'ORGANIZER' as const } : {}
      service.world.tickets = [ticketOf(generated, 0, stop)]
    }
    const stop = () => {
      be(true)
      return service.publish(ticketsStopped, { ...about, reason: 'ORGANIZER', stoppedAt: new Date() })
    }
    const reinstate = () => {
      be(false)
      return service.publish(ticketsReinstated, { ...about, reinstatedAt: new Date() })
    }
    // The first two are sent immediately.
    await stop()
    await until(() => expect(lastTo(holder)?.subject).toContain('is stopped'))
    await reinstate()
    await until(() => expect(lastTo(holder)?.subject).toContain('is valid again'))
    await taken(
      'TICKETS_REINSTATED',
      async () => {
        for (let turn = 0; turn < 14; turn++) {
          await stop()
          await reinstate()
        }
      },
      14,
    )
    if (isStopped) await taken('TICKETS_STOPPED', stop, 1)
    await settledFor(holder)
    expect(mailsTo(holder)).toHaveLength(2)
    await after(1, holder)
    await until(() => expect(mailsTo(holder)).toHaveLength(3))
    expect(lastTo(holder)?.subject).toContain(isStopped ? 'is stopped' : 'is valid again')
    await settledFor(holder)
    expect(mailsTo(holder)).toHaveLength(3)
  }
})

test('several stopped and reinstated tickets of one event are one mail with current states', async () => {
  const holder = await service.user({ locale: 'en' })
  const generated = generatedFor(holder, service, 4)
  const { orderId, userId, eventId } = generated
  const stop = { stoppedAt: new Date(), stopReason: 'DISPUTE_LOST' } as const
  service.world.tickets = generated.tickets.map((_, index) =>
    ticketOf(generated, index, index === 3 ? {} : stop),
  )
  const about = (index: number) => ({
    orderId,
    userId,
    eventId,
    ticketIds: [generated.tickets[index]?.ticketId as TicketId],
  })
  for (const index of [0, 1]) {
    await service.publish(ticketsStopped, {
      ...about(index),
      reason: 'DISPUTE_LOST',
      stoppedAt: stop.stoppedAt,
    })
    await until(() => expect(mailsTo(holder)).toHaveLength(index + 1))
  }
  await taken(
    'TICKETS_STOPPED',
    () => service.publish(ticketsStopped, { ...about(2), reason: 'DISPUTE_LOST', stoppedAt: new Date() }),
    1,
  )
  await taken(
    'TICKETS_REINSTATED',
    () => service.publish(ticketsReinstated, { ...about(3), reinstatedAt: new Date() }),
    1,
  )
  await settledFor(holder)
  expect(mailsTo(holder)).toHaveLength(2)
  await after(1, holder)
  await until(() => expect(mailsTo(holder)).toHaveLength(3))
  expect(lastTo(holder)?.subject).toBe('Update on your tickets for Święto Świateł')
  for (const words of ['TKT-2026-000003 (stopped)', 'TKT-2026-000004 (valid)', 'The bank of whoever paid']) {
    expect(lastTo(holder)?.text).toContain(words)
    expect(lastTo(holder)?.html).toContain(words)
  }
})

const snapshot = () => {
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    service.world.event
  return { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status }
}

test('of an event that moves twelve times holders get few mails, the last with its date', async () => {
  const holder = await service.user({ locale: 'en' })
  service.world.holders = [holder.userId]
  for (let day = 1; day <= 12; day++) {
    service.world.event.eventDate = new Date(Date.UTC(2027, 7, day, 17, 30))
    const changed = day === 5 ? ['venueName'] : ['eventDate']
    await taken('EVENT_UPDATED', () => service.publish(eventUpdated, { ...snapshot(), changed }), 1)
    if (day <= 2) await until(() => expect(mailsTo(holder)).toHaveLength(day))
  }
  await until(async () =>
    expect(await service.deps.db.prisma.announcement.count({ where: { doneAt: null } })).toBe(0),
  )
  await settledFor(holder)
  expect(mailsTo(holder)).toHaveLength(2)
  await after(1, holder)
  await until(() => expect(mailsTo(holder)).toHaveLength(3))
  expect(lastTo(holder)?.subject).toBe('New time and place: Święto Świateł')
  expect(lastTo(holder)?.text).toContain('12 August 2027')
  await settledFor(holder)
  expect(mailsTo(holder)).toHaveLength(3)
})

test('what is owed goes at once, however much others have caused', async () => {
  const user = await service.user({ locale: 'en' })
  await handOver(user, PER_DAY + 3)
  await settledFor(user)
  const before = mailsTo(user).length
  service.world.order = { status: 'REFUNDED', refundedAmount: 10_050 as Minor }
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
  const money = {
    refundId: randomUUID() as RefundId,
    refundAmount: 10_050 as Minor,
    currency: 'EUR' as const,
  }
  await service.publish(refundProcessed, {
    orderId,
    orderNumber,
    userId,
    eventId,
    ...money,
    reason: 'a cold',
  })
  await until(() => expect(mailsTo(user)).toHaveLength(before + 2))
  service.world.holders = [user.userId]
  const event = snapshot()
  await service.publish(eventCancelled, { ...event, eventName: event.name, cancellationReason: 'rain' })
  await until(() => expect(mailsTo(user)).toHaveLength(before + 3))
  expect(lastTo(user)?.subject).toBe('Cancelled: Święto Świateł')
})

test('mails about events do not use up the places of tickets, and what waits is nobody’s alarm', async () => {
  const user = await service.user({ locale: 'en' })
  await handOver(user, PER_DAY + 1)
  await settledFor(user)
  const metrics = await service.deps.metrics.registry.metrics()
  const figure = (name: string) =>
    Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN)
  expect(figure('notifications_pending')).toBe(0)
  expect(figure('notifications_oldest_pending_seconds')).toBe(0)
  expect(metrics).toMatch(/^notifications_total\{channel="EMAIL",outcome="held",[^}]*\} [1-9]/m)
  service.world.holders = [user.userId]
  const before = mailsTo(user).length
  await service.publish(eventUpdated, { ...snapshot(), changed: ['eventDate'] })
  await until(() => expect(mailsTo(user)).toHaveLength(before + 1))
})

test('text messages are counted by themselves, and wait and are gathered in the same way', async () => {
  const phone = '+48222333444'
  const recipient = await service.user({ locale: 'en', phone: phone as never })
  const preferences = [{ type: 'TICKET_TRANSFERRED', channel: 'SMS', enabled: true }] as const
  await service.client(recipient.headers).updatePreferences({ body: { preferences: [...preferences] } })
  await handOver(recipient, PER_DAY + 3)
  await settledFor(recipient)
  expect(service.sms.texts(phone)).toHaveLength(PER_DAY)
  expect(mailsTo(recipient)).toHaveLength(PER_DAY)
  await after(1, recipient)
  await until(() => expect(service.sms.texts(phone)).toHaveLength(PER_DAY + 1))
  expect(service.sms.texts(phone).at(-1)?.text).toContain('you were given tickets')
  await settledFor(recipient)
  expect(mailsTo(recipient)).toHaveLength(PER_DAY + 1)
})

test('a ticket refunded before the mail is sent is left out; with none left the mail fails', async () => {
  const recipient = await service.user({ locale: 'en' })
  await handOver(recipient, PER_DAY + 2)
  await settledFor(recipient)
  for (const ticket of service.world.tickets) ticket.status = 'CANCELLED'
  await after(1, recipient)
  await until(async () =>
    expect((await service.rows(recipient.userId)).map(({ failureReason }) => failureReason)).toContain(
      'TICKETS_NOT_VALID',
    ),
  )
  expect(mailsTo(recipient)).toHaveLength(PER_DAY)
})
