import { randomUUID } from 'node:crypto'
import {
  type ContactChangeId,
  emailChanged,
  emailChangeRequested,
  emailVerificationRequested,
  eventCancelled,
  eventUpdated,
  type Minor,
  NotificationType,
  orderCancelled,
  orderContactChanged,
  orderContactRequested,
  orderCreated,
  orderStatusChanged,
  passwordResetRequested,
  paymentCompleted,
  paymentFailed,
  type RefundId,
  refundProcessed,
  type TicketId,
  type TransferId,
  ticketDeliveryFailed,
  ticketsDelivered,
  ticketsGenerated,
  ticketsReinstated,
  ticketsStopped,
  ticketTransferOffered,
  ticketTransferred,
  userCreated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { insertAnnouncement } from '../src/announcements/announcement-repository.ts'
import { encodePayload } from '../src/notifications/payloads.ts'
import { addressHashOf } from '../src/suppressions/suppression.ts'
import { createWorld, pdfOf } from './peers.ts'
import {
  createdFor,
  failedFor,
  generatedFor,
  startService,
  type TestService,
  ticketOf,
} from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterEach(() => {
  const { event, users: _users, orders: _orders, ...fresh } = createWorld()
  const { eventId, organizerId, venueId } = service.world.event
  Object.assign(service.world, fresh, { event: { ...event, eventId, organizerId, venueId } })
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
type Becomes = { failed: string } | 'withdrawn' | { sent: RegExp; without?: RegExp }
interface Case {
  /** What happens after the mail has been written, and before it is sent. */
  what: string
  publish(user: User): Promise<unknown>
  /** How many questions are asked to learn how things stand. */
  answers: number
  happens(user: User): unknown
  becomes: Becomes
}

const orderOf = (user: User) => {
  const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
  return { orderId, orderNumber, userId, eventId }
}
const snapshot = () => {
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    service.world.event
  return { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status }
}
const linkOf = async (user: User) => {
  const { createdAt: _, ...requested } = createdFor(user, await service.seal('tok'))
  return requested
}
const tellConfirmation = (user: User) => service.publish(ticketsGenerated, generatedFor(user, service, 3))
const turnOn = (user: User, type: 'PAYMENT_PROCESSED' | 'ORDER_STATUS_CHANGED') =>
  service
    .client(user.headers)
    .updatePreferences({ body: { preferences: [{ type, channel: 'EMAIL', enabled: true }] } })
const tellMoved = (user: User) => {
  service.world.holders = [user.userId]
  return service.publish(eventUpdated, { ...snapshot(), changed: ['eventDate'] })
}
const tellReceived = async (user: User) => {
  const sender = await service.user()
  const old = ticketOf(generatedFor(sender, service, 1), 0)
  const newTicketId = randomUUID() as TicketId
  service.world.tickets = [{ ...old, ticketId: newTicketId }]
  const { status: _, qrCode: _code, createdAt: _at, ...ticket } = old
  const handed = { newTicketId, recipientId: user.userId, recipientEmail: user.email, holderName: 'Ela' }
  // The sender is notified too, which this test ignores.
  return service.publish(ticketTransferred, { ...ticket, ...handed, userId: user.userId })
}
/** Of the tickets that are known the first so many are stopped, and no other. */
const stopped = (count: number) => {
  service.world.tickets = service.world.tickets.map(
    ({ stoppedAt: _, stopReason: _reason, ...ticket }, index) => ({
      ...ticket,
      ...(index < count && { stoppedAt: new Date(), stopReason: 'DISPUTE_LOST' as const }),
    }),
  )
}
function twoOf(user: User) {
  const generated = generatedFor(user, service, 2)
  service.world.tickets = [0, 1].map((index) => ticketOf(generated, index))
  const { orderId, userId, eventId } = generated
  return { orderId, userId, eventId, ticketIds: generated.tickets.map(({ ticketId }) => ticketId) }
}
const tellStopped = (user: User) => {
  const stop = twoOf(user)
  stopped(2)
  return service.publish(ticketsStopped, { ...stop, reason: 'DISPUTE_LOST', stoppedAt: new Date() })
}
const tellReinstated = (user: User) =>
  service.publish(ticketsReinstated, { ...twoOf(user), reinstatedAt: new Date() })
const tellReminder = (user: User) => {
  service.world.holders = [user.userId]
  const { eventId, eventDate } = service.world.event
  const announcementId = randomUUID()
  const payload = encodePayload('EVENT_REMINDER', { eventId, eventDate })
  const about = {
    announcementId,
    type: 'EVENT_REMINDER',
    eventId,
    payload,
    correlationId: announcementId,
  } as const
  return insertAnnouncement(service.deps.sql, { ...about, createdAt: new Date() })
}
const refund = (user: User) => ({
  ...orderOf(user),
  refundId: randomUUID() as RefundId,
  refundAmount: 5_025 as Minor,
  currency: 'EUR' as const,
  reason: 'changed my mind',
})

const eventMoves = () => {
  service.world.event = { ...service.world.event, venueName: 'Stadion Śląski' }
}
const eventIsCancelled = () => {
  service.world.event = { ...service.world.event, status: 'CANCELLED' }
}
const ticketsAreRefunded = (count: number) => () => {
  for (const tickets of service.world.orders.values())
    for (const { ticketId } of tickets.slice(0, count)) service.world.invalid.add(ticketId)
}
const orderIs = (order: Partial<typeof service.world.order>) => () => {
  service.world.order = { ...service.world.order, ...order }
}

const contactOf = (user: User) => {
  const { eventId: _, ...order } = orderOf(user)
  return { ...order, changeId: randomUUID() as ContactChangeId }
}
const inAnHour = () => new Date(Date.now() + 3_600_000)

/** What is rechecked for each type right before sending, and the result. */
const table: Record<NotificationType, Case[]> = {
  USER_WELCOME: [
    {
      what: 'the address is confirmed by another link',
      publish: async (user) => service.publish(userCreated, createdFor(user, await service.seal('tok'))),
      answers: 1,
      happens: () => Object.assign(service.world.link, { works: false, emailVerified: true }),
      becomes: { sent: /confirmed already/, without: /verify-email#token/ },
    },
  ],
  EMAIL_VERIFICATION: [
    {
      what: 'the address is confirmed by another link',
      publish: async (user) => service.publish(emailVerificationRequested, await linkOf(user)),
      answers: 1,
      happens: () => Object.assign(service.world.link, { works: false, emailVerified: true }),
      becomes: 'withdrawn',
    },
  ],
  EMAIL_CHANGE: [
    {
      what: 'its link is used, or another was asked for',
      publish: async (user) => service.publish(emailChangeRequested, await linkOf(user)),
      answers: 1,
      happens: () => Object.assign(service.world.link, { works: false }),
      becomes: 'withdrawn',
    },
  ],
  EMAIL_CHANGED: [
    {
      what: 'the change is undone by another mail of it',
      publish: async (user) => service.publish(emailChanged, await linkOf(user)),
      answers: 1,
      happens: () => Object.assign(service.world.link, { works: false }),
      becomes: 'withdrawn',
    },
  ],
  ORDER_CONTACT_REQUESTED: [
    {
      what: 'another address is asked for',
      publish: (user) =>
        service.publish(orderContactRequested, {
          ...contactOf(user),
          email: 'new@customers.example',
          expiresAt: inAnHour(),
        }),
      answers: 1,
      happens: () => Object.assign(service.world.contactChange, { confirmable: false }),
      becomes: { failed: 'LINK_EXPIRED' },
    },
  ],
  ORDER_CONTACT_CHANGED: [
    {
      what: 'the change is undone',
      publish: (user) =>
        service.publish(orderContactChanged, { ...contactOf(user), email: null, undoUntil: inAnHour() }),
      answers: 1,
      happens: () => Object.assign(service.world.contactChange, { undoable: false }),
      becomes: 'withdrawn',
    },
  ],
  PASSWORD_RESET: [
    {
      what: 'another link of the account is used',
      publish: async (user) => service.publish(passwordResetRequested, await linkOf(user)),
      answers: 1,
      happens: () => Object.assign(service.world.link, { works: false }),
      becomes: 'withdrawn',
    },
  ],
  ORDER_CONFIRMATION: [
    {
      what: 'the event is cancelled and every ticket refunded',
      publish: tellConfirmation,
      answers: 2,
      happens: () => [eventIsCancelled(), ticketsAreRefunded(3)()],
      becomes: { failed: 'EVENT_CANCELLED' },
    },
    {
      what: 'the whole order is refunded',
      publish: tellConfirmation,
      answers: 2,
      happens: ticketsAreRefunded(3),
      becomes: { failed: 'TICKETS_NOT_VALID' },
    },
    {
      what: 'one of three tickets is refunded',
      publish: tellConfirmation,
      answers: 2,
      happens: ticketsAreRefunded(1),
      becomes: { sent: /Ticket 2 of 2[\s\S]*TKT-2026-000003/, without: /TKT-2026-000001/ },
    },
    {
      what: 'the event moves',
      publish: tellConfirmation,
      answers: 2,
      happens: eventMoves,
      becomes: { sent: /Stadion/, without: /Park Śląski/ },
    },
  ],
  PAYMENT_PROCESSED: [
    {
      what: 'the event moves: what was paid stays true',
      publish: async (user) => {
        await turnOn(user, 'PAYMENT_PROCESSED')
        const { reservationId } = failedFor(user, service)
        const paid = { totalAmount: 10_050 as Minor, currency: 'EUR', paymentMethod: 'CREDIT_CARD' } as const
        const about = { ...orderOf(user), reservationId, holderName: 'Ada', transactionId: null }
        await service.publish(paymentCompleted, { ...about, ...paid, items: [] })
      },
      answers: 1,
      happens: eventMoves,
      becomes: { sent: /Stadion/, without: /Park Śląski/ },
    },
  ],
  PAYMENT_FAILED: [
    {
      what: 'the event is cancelled: the mail does not suggest to try again',
      publish: (user) => service.publish(paymentFailed, failedFor(user, service)),
      answers: 1,
      happens: eventIsCancelled,
      becomes: { sent: /has been cancelled since/, without: /try again/ },
    },
  ],
  REFUND_PROCESSED: [
    {
      what: 'the rest of the order is refunded too',
      publish: (user) => {
        service.world.order = { status: 'CONFIRMED', refundedAmount: 5_025 as Minor }
        return service.publish(refundProcessed, { ...refund(user), ticketIds: [randomUUID() as TicketId] })
      },
      answers: 2,
      happens: orderIs({ status: 'REFUNDED', refundedAmount: 10_050 as Minor }),
      becomes: { sent: /not valid any more/, without: /stay valid/ },
    },
  ],
  ORDER_CREATED: [
    {
      what: 'the order is through',
      publish: (user) => {
        service.world.order = { status: 'PENDING' }
        return service.publish(orderCreated, { ...orderOf(user), status: 'PENDING', createdAt: new Date() })
      },
      answers: 2,
      happens: orderIs({ status: 'CONFIRMED' }),
      becomes: 'withdrawn',
    },
  ],
  ORDER_STATUS_CHANGED: [
    {
      what: 'the order goes on',
      publish: async (user) => {
        await turnOn(user, 'ORDER_STATUS_CHANGED')
        service.world.order = { status: 'REFUND_PENDING' }
        const changed = { previousStatus: 'CONFIRMED', status: 'REFUND_PENDING' } as const
        await service.publish(orderStatusChanged, { ...orderOf(user), ...changed })
      },
      answers: 2,
      happens: orderIs({ status: 'REFUNDED' }),
      becomes: 'withdrawn',
    },
  ],
  ORDER_CANCELLED: [
    {
      what: 'it is refunded, which has its own mail',
      publish: (user) => {
        service.world.order = { status: 'CANCELLED' }
        return service.publish(orderCancelled, { ...orderOf(user), reason: 'EVENT_CANCELLED' })
      },
      answers: 2,
      happens: orderIs({ status: 'REFUNDED', refundedAmount: 10_050 as Minor }),
      becomes: 'withdrawn',
    },
  ],
  EVENT_UPDATED: [
    {
      what: 'the event moves again',
      publish: tellMoved,
      answers: 2,
      happens: eventMoves,
      becomes: { sent: /Stadion/, without: /Park Śląski/ },
    },
    {
      what: 'the event is cancelled',
      publish: tellMoved,
      answers: 2,
      happens: eventIsCancelled,
      becomes: 'withdrawn',
    },
    {
      what: 'its reader’s tickets are given back',
      publish: tellMoved,
      answers: 2,
      happens: () => {
        service.world.held = 0
      },
      becomes: 'withdrawn',
    },
  ],
  EVENT_CANCELLED: [
    {
      what: 'the event has another place: it stays cancelled',
      publish: (user) => {
        service.world.holders = [user.userId]
        eventIsCancelled()
        const { name: eventName, ...event } = snapshot()
        return service.publish(eventCancelled, {
          ...event,
          name: eventName,
          eventName,
          cancellationReason: 'rain',
        })
      },
      answers: 1,
      happens: eventMoves,
      becomes: { sent: /Stadion/, without: /Park Śląski/ },
    },
  ],
  EVENT_REMINDER: [
    {
      what: 'the event begins somewhere else',
      publish: tellReminder,
      answers: 2,
      happens: eventMoves,
      becomes: { sent: /Stadion/, without: /Park Śląski/ },
    },
    {
      what: 'the event is cancelled',
      publish: tellReminder,
      answers: 2,
      happens: eventIsCancelled,
      becomes: 'withdrawn',
    },
    {
      what: 'the event is put off: it has another reminder',
      publish: tellReminder,
      answers: 2,
      happens: () => {
        const { event } = service.world
        service.world.event = { ...event, eventDate: new Date(event.eventDate.getTime() + 86_400_000) }
      },
      becomes: 'withdrawn',
    },
    {
      what: 'the event begins',
      publish: tellReminder,
      answers: 2,
      happens: () => {
        service.world.event = { ...service.world.event, eventDate: new Date(Date.now() - 1_000) }
      },
      becomes: 'withdrawn',
    },
    {
      what: 'its reader’s tickets are given back',
      publish: tellReminder,
      answers: 2,
      happens: () => {
        service.world.held = 0
      },
      becomes: 'withdrawn',
    },
    {
      what: 'its reader’s tickets are stopped',
      publish: tellReminder,
      answers: 2,
      happens: () => {
        service.world.stopped = service.world.held
      },
      becomes: 'withdrawn',
    },
  ],
  TICKET_TRANSFERRED: [
    {
      what: 'the ticket that was received is passed on',
      publish: tellReceived,
      answers: 2,
      happens: () => {
        service.world.tickets = service.world.tickets.map((ticket) => ({ ...ticket, status: 'TRANSFERRED' }))
      },
      becomes: { failed: 'TICKETS_NOT_VALID' },
    },
    {
      what: 'the event of the ticket that was received is cancelled',
      publish: tellReceived,
      answers: 2,
      happens: eventIsCancelled,
      becomes: { failed: 'EVENT_CANCELLED' },
    },
    {
      what: 'the ticket that was received is stopped',
      publish: tellReceived,
      answers: 2,
      happens: () => stopped(1),
      becomes: { failed: 'TICKETS_NOT_VALID' },
    },
  ],
  TICKETS_STOPPED: [
    {
      what: 'all of them are reinstated',
      publish: tellStopped,
      answers: 2,
      happens: () => stopped(0),
      becomes: 'withdrawn',
    },
    {
      what: 'one of them is reinstated',
      publish: tellStopped,
      answers: 2,
      happens: () => stopped(1),
      becomes: { sent: /TKT-2026-000001/, without: /TKT-2026-000002/ },
    },
    {
      what: 'the event is cancelled',
      publish: tellStopped,
      answers: 2,
      happens: eventIsCancelled,
      becomes: 'withdrawn',
    },
    {
      what: 'what is valid again is stopped again',
      publish: tellReinstated,
      answers: 2,
      happens: () => stopped(2),
      becomes: 'withdrawn',
    },
  ],
}

const settled = async (user: User, { failed }: { failed: string }) => {
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ status: 'FAILED', failureReason: failed }]),
  )
  expect(service.ses.mails(user.email)).toEqual([])
}

describe.each(NotificationType.options)('%s', (type) => {
  test.each(table[type])(
    '$what, while it is being written',
    async ({ publish, answers, happens, becomes }) => {
      const user = await service.user({ locale: 'en' })
      const happened = Promise.withResolvers<void>()
      service.world.change = {
        afterAnswers: answers,
        async happens() {
          await happens(user)
          happened.resolve()
        },
      }
      await publish(user)
      await happened.promise
      if (becomes === 'withdrawn') {
        await until(async () => expect(await service.rows(user.userId)).toEqual([]))
        expect(service.ses.mails(user.email)).toEqual([])
      } else if ('failed' in becomes) await settled(user, becomes)
      else {
        await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
        const [sent, ...more] = service.ses.mails(user.email)
        expect(more).toEqual([])
        for (const body of [sent?.mail.text, String(sent?.mail.html)]) {
          expect(body).toMatch(becomes.sent)
          if (becomes.without) expect(body).not.toMatch(becomes.without)
        }
      }
    },
  )
})

test.each([
  ['while it was made', 'EVENT_CANCELLED'],
  ['when it had been made', 'EVENT_CANCELLED'],
  ['when it had been made', 'TICKETS_NOT_VALID'],
] as const)(
  'tickets whose PDF became void %s: no mail, no TICKETS_DELIVERED, and TICKET_DELIVERY_FAILED says %s',
  async (when, reason) => {
    const user = await service.user()
    const generated = generatedFor(user, service, 2)
    const happens = () => {
      if (reason === 'EVENT_CANCELLED') eventIsCancelled()
      ticketsAreRefunded(2)()
    }
    if (when === 'while it was made') service.world.beforePdf = async () => happens()
    else service.world.afterPdf = happens
    await service.publish(ticketsGenerated, generated)
    const failed = await service.probe.waitFor(
      ticketDeliveryFailed,
      ({ payload }) => payload.orderId === generated.orderId,
    )
    expect(failed.payload.reason).toBe(reason)
    await settled(user, { failed: reason })
    expect(
      service.probe.received(ticketsDelivered).filter(({ payload }) => payload.orderId === generated.orderId),
    ).toEqual([])
  },
)

test('a ticket that is refunded after the PDF was made is in neither the mail nor the new PDF', async () => {
  const user = await service.user()
  const generated = generatedFor(user, service, 3)
  service.world.afterPdf = ticketsAreRefunded(1)
  await service.publish(ticketsGenerated, generated)
  await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
  const [sent] = service.ses.mails(user.email)
  const pdf = sent?.mail.attachments.find(({ contentType }) => contentType === 'application/pdf')
  expect(pdf?.content).toEqual(pdfOf(...generated.tickets.slice(1).map(({ ticketId }) => ticketId)))
  expect(sent?.mail.text).not.toContain('TKT-2026-000001')
})

test.each(['CANCELLED', 'COMPLETED', 'EXPIRED'] as const)(
  'an offer whose transfer is %s by then is not sent',
  async (status) => {
    const recipientEmail = `${randomUUID().slice(0, 8)}@strangers.example`
    const happened = Promise.withResolvers<void>()
    service.world.change = {
      afterAnswers: 2,
      happens() {
        service.world.transferStatus = status
        happened.resolve()
      },
    }
    const { eventId } = service.world.event
    const ids = { transferId: randomUUID() as TransferId, ticketId: randomUUID() as TicketId, eventId }
    const sender = await service.user()
    await service.publish(ticketTransferOffered, {
      ...ids,
      userId: sender.userId,
      recipientEmail,
      holderName: 'Jan',
    })
    await happened.promise
    await until(async () =>
      expect(await service.deps.db.prisma.notification.count({ where: { recipientId: null } })).toBe(0),
    )
    expect(service.ses.mails(recipientEmail)).toEqual([])
  },
)

/** A failed payment is written, then this happens, then it would be sent. */
async function failedPaymentWhile(happens: (user: User) => unknown): Promise<User> {
  const user = await service.user()
  const happened = Promise.withResolvers<void>()
  service.world.change = {
    afterAnswers: 1,
    async happens() {
      await happens(user)
      happened.resolve()
    },
  }
  await service.publish(paymentFailed, failedFor(user, service))
  await happened.promise
  return user
}

test('who turns a type off while a mail of it is written does not get it', async () => {
  const preferences = [{ type: 'PAYMENT_FAILED', channel: 'EMAIL', enabled: false } as const]
  const user = await failedPaymentWhile(({ headers }) =>
    service.client(headers).updatePreferences({ body: { preferences } }),
  )
  await until(async () => expect(await service.rows(user.userId)).toEqual([]))
  expect(service.ses.mails(user.email)).toEqual([])
})

test('quiet hours that begin while a mail is written hold it up', async () => {
  const now = new Date()
  const time = (hours: number) => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:30`
  const quietHours = { start: time(-2), end: time(2), timeZone: 'UTC' }
  const user = await failedPaymentWhile(({ headers }) =>
    service.client(headers).updatePreferences({ body: { preferences: [], quietHours } }),
  )
  await until(async () => {
    const [row] = await service.rows(user.userId)
    expect(row).toMatchObject({ status: 'SENDING', lease: null })
    expect(row?.nextAttemptAt.toISOString().slice(11, 16)).toBe(quietHours.end)
  })
  expect(service.ses.mails(user.email)).toEqual([])
})

test('an address that is held back while a mail is written gets none', async () => {
  const user = await failedPaymentWhile(({ email }) =>
    service.deps.db.prisma.mailSuppression.create({
      data: {
        addressHash: addressHashOf(email),
        cause: 'BOUNCE',
        reason: 'NO_SUCH_MAILBOX',
        since: new Date(),
      },
    }),
  )
  await settled(user, { failed: 'ADDRESS_SUPPRESSED' })
})

test('a text message that would point at tickets that are void by then is not sent', async () => {
  const user = await service.user({ phone: '+48555000222' })
  const preferences = [{ type: 'ORDER_CONFIRMATION', channel: 'SMS', enabled: true } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  const generated = generatedFor(user, service, 1)
  service.world.invalid.add(generated.tickets[0]?.ticketId ?? '')
  await service.publish(ticketsGenerated, generated)
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([
      { channel: 'EMAIL', failureReason: 'TICKETS_NOT_VALID' },
    ]),
  )
  expect(service.sms.texts('+48555000222')).toEqual([])
})
