import { randomUUID } from 'node:crypto'
import { aBrowser } from '../src/contract/requests.ts'
import { publishEvent, publishSeatedEvent } from '../src/events.ts'
import { addressOf, expectStatus } from '../src/person.ts'
import type { TestSystem } from './start.ts'

const DAY_MS = 86_400_000

/** Users, and one of everything that has an id. */
export async function createWorld(running: TestSystem) {
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  const otherOrganizer = await running.person({ firstName: 'Oskar', lastName: 'Obcy' }, { organizer: true })
  const buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  const stranger = await running.person({ firstName: 'Stefan', lastName: 'Stranger' }, { proven: true })
  const sale = await publishEvent(organizer, { name: 'Open to all', quantity: 100, unitPrice: 5_000 })
  const seated = await publishSeatedEvent(organizer, 'With seats')
  const draft = expectStatus(
    await organizer.events.createEvent({
      body: {
        name: 'Still a secret',
        description: '',
        eventDate: new Date(Date.now() + 60 * DAY_MS),
        category: 'MUSIC',
        venueName: 'Somewhere',
        venueAddress: 'Else 1',
      },
    }),
    201,
  )
  const order = expectStatus(await buyer.buy({ ...sale, quantity: 2 }), 201)
  const confirmed = await buyer.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
  const reservation = expectStatus(
    await buyer.tickets.createReservation({
      body: { eventId: sale.eventId, ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity: 1 }] },
    }),
    201,
  )
  const [ticket] = confirmed.tickets ?? []
  if (!ticket) throw new Error('a confirmed order has no ticket')
  await running.mails.waitFor(buyer.email, /Open to all/)
  const [, second] = confirmed.tickets ?? []
  const transfer = expectStatus(
    await buyer.tickets.transferTicket({
      params: { ticketId: second?.ticketId as never },
      body: { email: addressOf('Nobody'), holderName: 'Nobody' },
    }),
    200,
  )
  const device = expectStatus(await buyer.notifications.addPushSubscription({ body: aBrowser }), 201)
  const { notifications } = expectStatus(await buyer.notifications.listNotifications({ query: {} }), 200)
  return {
    organizer,
    otherOrganizer,
    buyer,
    stranger,
    sale,
    draft,
    ids: {
      eventId: sale.eventId,
      venueId: sale.event.venueId,
      ticketTypeId: sale.ticketTypeId,
      seatedTypeId: seated.ticketTypeId,
      reservationId: reservation.reservationId,
      orderId: order.orderId,
      ticketId: ticket.ticketId,
      transferId: transfer.transferId,
      notificationId: notifications[0]?.notificationId ?? randomUUID(),
      subscriptionId: device.subscriptionId,
      userId: buyer.userId,
      email: buyer.email,
    },
  }
}
export type LivingWorld = Awaited<ReturnType<typeof createWorld>>
