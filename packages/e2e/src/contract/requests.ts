import { randomUUID } from 'node:crypto'
import {
  type EventId,
  type OrderId,
  type ReservationId,
  type ServiceKey,
  serviceKeys,
  type TicketId,
  type TicketTypeId,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import type { OperationName } from './catalogue.ts'

/** Existing records, by owner. */
export interface World {
  readonly eventId: EventId
  readonly venueId: VenueId
  readonly ticketTypeId: TicketTypeId
  readonly seatedTypeId: TicketTypeId
  readonly reservationId: ReservationId
  readonly orderId: OrderId
  readonly ticketId: TicketId
  readonly transferId: string
  readonly notificationId: string
  readonly subscriptionId: string
  /** The buyer. */
  readonly userId: UserId
  readonly email: string
  /** Placeholder for every secret; the test searches the logs for it. */
  readonly secret: string
}

/** A request as sent over the wire. */
export interface WireRequest {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const soon = '2031-05-01T20:00:00+02:00'
const late = '2031-05-02T02:00:00+02:00'

const anEvent = (world: World) => ({
  name: 'An evening',
  description: 'Of music.',
  eventDate: soon,
  endDate: late,
  timeZone: 'Europe/Warsaw',
  category: 'MUSIC',
  imageUrl: 'https://example.com/a.png',
  refundableUntil: soon,
  venueId: world.venueId,
})
const payment = (world: World) => ({
  ...{ paymentMethod: 'CREDIT_CARD', paymentToken: world.secret, holderName: 'Ada Kowalska' },
  contactEmail: world.email,
})
const page = { limit: '10', cursor: 'x' }

/** The subscription of RFC 8291's example, as a browser's `toJSON()` returns it. */
export const aBrowser = {
  // A documentation address (no DNS lookup); nothing sent there reaches anyone.
  endpoint: 'https://[4000::1]/push/nobody',
  expirationTime: null,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
}

type Requests = Partial<Record<OperationName, (world: World) => WireRequest>>

/** The requests of operators that are the same for every service. */
const ofOperators = (service: ServiceKey): Requests => ({
  [`${service}.listOutbox`]: () => ({
    query: { ...page, state: 'all', since: soon, topic: 'user-events', eventType: 'USER_CREATED' },
  }),
  [`${service}.republishOutbox`]: () => ({
    body: {
      since: new Date(Date.now() - 60_000).toISOString(),
      until: soon,
      topic: 'user-events',
      eventType: 'USER_CREATED',
      messageId: randomUUID(),
      dryRun: true,
    },
  }),
  [`${service}.trace`]: ({ orderId, ticketId }: World) => ({ body: { ids: [orderId, ticketId] } }),
})

/** Returns a valid request for every operation with input, with every field present. */
export const goodRequests: Requests = {
  ...Object.assign({}, ...serviceKeys.map(ofOperators)),

  'auth.register': ({ secret, email }) => ({
    body: {
      email,
      password: secret,
      firstName: 'Ada',
      lastName: 'Kowalska',
      phone: '+48221234567',
      phoneCountry: 'PL',
      locale: 'pl',
    },
  }),
  'auth.login': ({ secret, email }) => ({ body: { email, password: secret } }),
  'auth.refresh': ({ secret }) => ({ body: { refreshToken: secret } }),
  'auth.logout': ({ secret }) => ({ body: { refreshToken: secret } }),
  'auth.updateMe': () => ({
    body: { firstName: 'Ada', lastName: 'Nowak', phone: '+48221234567', phoneCountry: 'PL', locale: 'en' },
  }),
  'auth.verifyEmail': ({ secret }) => ({ body: { token: secret, newPassword: secret, mine: true } }),
  'auth.resendVerification': ({ email }) => ({ body: { email } }),
  'auth.forgotPassword': ({ email }) => ({ body: { email } }),
  'auth.resetPassword': ({ secret }) => ({ body: { token: secret, password: secret } }),
  'auth.changeEmail': ({ email, secret }) => ({ body: { email, password: secret } }),
  'auth.confirmEmailChange': ({ secret }) => ({ body: { token: secret, password: secret, mine: true } }),
  'auth.undoEmailChange': ({ secret }) => ({ body: { token: secret, password: secret } }),
  'auth.findUsers': ({ email }) => ({ body: { email, role: 'ORGANIZER', limit: 10, cursor: 'x' } }),
  'auth.revokeRole': ({ email }) => ({ body: { email, role: 'ORGANIZER' } }),
  'auth.clearCache': () => ({ params: { name: 'events' } }),
  'auth.listCacheKeys': () => ({ params: { name: 'events' }, query: page }),
  'auth.getCacheEntry': () => ({ params: { name: 'events' }, query: { key: 'none' } }),

  'events.listEvents': () => ({
    query: { ...page, query: 'jazz', category: 'MUSIC', from: soon, to: late, place: 'Kraków' },
  }),
  'events.createEvent': (world) => ({ body: anEvent(world) }),
  'events.listMyEvents': () => ({ query: page }),
  'events.getEvent': ({ eventId }) => ({ params: { eventId } }),
  'events.updateEvent': (world) => ({ params: { eventId: world.eventId }, body: anEvent(world) }),
  'events.deleteEvent': ({ eventId }) => ({ params: { eventId } }),
  'events.publishEvent': ({ eventId }) => ({ params: { eventId } }),
  'events.cancelEvent': ({ eventId }) => ({ params: { eventId }, body: { cancellationReason: 'Rain.' } }),
  'events.getSeatingPlan': ({ eventId }) => ({ params: { eventId }, query: { planVersion: '1' } }),
  'events.putSeatingPlan': ({ eventId }) => ({
    params: { eventId },
    body: {
      zones: [
        {
          zoneId: 1,
          name: 'Stalls',
          rows: [{ rowLabel: 'A', seats: [{ colLabel: '1', x: 1, y: 2, accessible: true }] }],
        },
      ],
    },
  }),
  'events.createVenue': () => ({
    body: {
      name: 'Hall',
      address: 'Street 1',
      city: 'Kraków',
      country: 'PL',
      timeZone: 'Europe/Warsaw',
      capacity: 100,
    },
  }),
  'events.listVenues': () => ({ query: { ...page, query: 'hall' } }),
  'events.clearCache': () => ({ params: { name: 'nothing' } }),
  'events.listCacheKeys': () => ({ params: { name: 'events' }, query: page }),
  'events.getCacheEntry': () => ({ params: { name: 'events' }, query: { key: 'none' } }),

  'tickets.createTicketType': ({ eventId }) => ({
    body: {
      eventId,
      name: 'Standing',
      unitPrice: 50,
      currency: 'EUR',
      quantity: 10,
      salesStartAt: soon,
      salesEndAt: late,
      maxPerOrder: 4,
      maxPerUser: 4,
    },
  }),
  'tickets.listTicketTypes': ({ eventId }) => ({ query: { eventId } }),
  'tickets.updateTicketType': ({ ticketTypeId }) => ({
    params: { ticketTypeId },
    body: {
      name: 'Standing',
      unitPrice: 50,
      quantity: 10,
      salesStartAt: soon,
      salesEndAt: late,
      maxPerOrder: 4,
      maxPerUser: 4,
    },
  }),
  'tickets.deleteTicketType': ({ ticketTypeId }) => ({ params: { ticketTypeId } }),
  'tickets.getSeatMap': ({ eventId }) => ({ query: { eventId } }),
  'tickets.watchSeatMap': ({ eventId }) => ({ query: { eventId } }),
  'tickets.createReservation': ({ eventId, ticketTypeId, seatedTypeId }) => ({
    body: {
      eventId,
      ticketRequests: [
        { ticketTypeId, quantity: 2 },
        { ticketTypeId: seatedTypeId, seatIds: ['1-A-1', '1-A-2'] },
        { ticketTypeId: seatedTypeId, quantity: 1, bestAvailable: true },
      ],
    },
  }),
  'tickets.getReservation': ({ reservationId }) => ({ params: { reservationId } }),
  'tickets.listReservations': ({ eventId }) => ({ query: { ...page, eventId } }),
  'tickets.extendReservation': ({ reservationId }) => ({ params: { reservationId } }),
  'tickets.releaseReservation': ({ reservationId }) => ({ params: { reservationId } }),
  'tickets.listMyTickets': () => ({ query: page }),
  'tickets.getTicket': ({ ticketId }) => ({ params: { ticketId } }),
  'tickets.getTicketQr': ({ ticketId }) => ({ params: { ticketId } }),
  'tickets.getTicketPdf': ({ ticketId }) => ({ params: { ticketId } }),
  'tickets.claimTransfer': ({ secret }) => ({ body: { token: secret } }),
  'tickets.transferTicket': ({ ticketId }) => ({
    params: { ticketId },
    body: { email: 'friend@example.com', holderName: 'Filip' },
  }),
  'tickets.listTransfers': () => ({ query: page }),
  'tickets.cancelTransfer': ({ transferId }) => ({ params: { transferId } }),
  'tickets.checkIn': ({ eventId }) => ({ body: { eventId, code: 'x', gate: 'North' } }),
  'tickets.getCheckInKey': ({ eventId }) => ({ query: { eventId } }),
  'tickets.stopTicket': ({ ticketId }) => ({ params: { ticketId }, body: { note: 'Sold outside' } }),
  'tickets.reinstateTicket': ({ ticketId }) => ({ params: { ticketId } }),
  'tickets.putDisputePolicy': () => ({ body: { stopTickets: true } }),
  'tickets.listAttendees': ({ eventId }) => ({ query: { ...page, eventId, format: 'json' } }),
  'tickets.clearCache': () => ({ params: { name: 'nothing' } }),
  'tickets.listCacheKeys': () => ({ params: { name: 'nothing' }, query: page }),
  'tickets.getCacheEntry': () => ({ params: { name: 'nothing' }, query: { key: 'none' } }),

  'payments.createOrder': (world) => ({
    body: {
      eventId: world.eventId,
      ticketRequests: [{ ticketTypeId: world.ticketTypeId, quantity: 2 }],
      expectedTotal: 100,
      ...payment(world),
    },
  }),
  'payments.listOrders': ({ eventId }) => ({ query: { ...page, eventId } }),
  'payments.getOrder': ({ orderId }) => ({ params: { orderId } }),
  'payments.updateOrder': ({ orderId }) => ({ params: { orderId }, body: { holderName: 'Ada Kowalska' } }),
  'payments.cancelOrder': ({ orderId }) => ({ params: { orderId } }),
  'payments.setOrderContact': ({ orderId, email }) => ({ params: { orderId }, body: { email } }),
  'payments.clearOrderContact': ({ orderId }) => ({ params: { orderId } }),
  'payments.refundOrder': ({ orderId, ticketId }) => ({
    params: { orderId },
    body: { reason: 'Ill.', ticketIds: [ticketId] },
  }),
  'payments.listRefunds': ({ orderId }) => ({ params: { orderId } }),
  // The gateway's payload has no schema of ours; the signature on the raw body is verified instead.
  'payments.stripeWebhook': () => ({ body: {} }),
  'payments.listSagas': () => ({ query: { ...page, state: 'CHARGING' } }),
  'payments.getSaga': ({ orderId }) => ({ params: { orderId } }),
  'payments.resumeSaga': ({ orderId }) => ({ params: { orderId } }),
  'payments.listEventRefunds': ({ eventId }) => ({ query: { ...page, eventId } }),
  'payments.getOrderHistory': ({ orderId }) => ({ params: { orderId } }),
  'payments.watchOrder': ({ orderId }) => ({ params: { orderId } }),
  'payments.buySeat': ({ userId, venueId, eventId, secret }) => ({
    body: {
      userId,
      venueId,
      eventId,
      zoneId: 1,
      rowLabel: 'A',
      colLabel: '3',
      paymentToken: secret,
      holderName: 'Ada Kowalska',
    },
  }),
  'payments.clearCache': () => ({ params: { name: 'nothing' } }),
  'payments.listCacheKeys': () => ({ params: { name: 'nothing' }, query: page }),
  'payments.getCacheEntry': () => ({ params: { name: 'nothing' }, query: { key: 'none' } }),

  'notifications.listNotifications': () => ({ query: { ...page, unread: 'true' } }),
  'notifications.readNotification': ({ notificationId }) => ({ params: { notificationId } }),
  'notifications.updatePreferences': () => ({
    body: {
      preferences: [{ type: 'PAYMENT_PROCESSED', channel: 'EMAIL', enabled: true }],
      quietHours: { start: '22:00', end: '07:00', timeZone: 'Europe/Warsaw' },
    },
  }),
  'notifications.resendOrder': ({ orderId }) => ({ params: { orderId } }),
  'notifications.confirmOrderContact': ({ secret }) => ({ body: { token: secret, mine: true } }),
  'notifications.undoOrderContact': ({ secret }) => ({ body: { token: secret } }),
  'notifications.listDeadLetters': () => ({
    query: { ...page, queue: 'notification-queue', eventType: 'ORDER_CREATED', messageId: randomUUID() },
  }),
  'notifications.addPushSubscription': () => ({
    body: { ...aBrowser, device: 'A telephone' },
  }),
  'notifications.removePushSubscription': ({ subscriptionId }) => ({ params: { subscriptionId } }),
  'notifications.findSuppressions': ({ email }) => ({ body: { email } }),
  'notifications.liftSuppressions': () => ({ params: { addressHash: '0'.repeat(64) } }),
  'notifications.listSuppressions': () => ({ query: { ...page, cause: 'BOUNCE', since: soon } }),
  'notifications.listNotificationsAsOperator': ({ orderId }) => ({
    query: { ...page, orderId, status: 'SENT', type: 'ORDER_CONFIRMATION', since: soon },
  }),
  'notifications.resendNotification': ({ notificationId }) => ({ params: { notificationId } }),
  'notifications.resendOrderAsOperator': ({ orderId }) => ({ params: { orderId } }),
  'notifications.clearCache': () => ({ params: { name: 'nothing' } }),
  'notifications.listCacheKeys': () => ({ params: { name: 'nothing' }, query: page }),
  'notifications.getCacheEntry': () => ({ params: { name: 'nothing' }, query: { key: 'none' } }),

  'analytics.listSoldTickets': ({ eventId }) => ({ query: { ...page, eventId } }),
  'analytics.getSoldTicket': ({ ticketId }) => ({ params: { ticketId } }),
  'analytics.countSoldTickets': ({ eventId }) => ({ params: { eventId } }),
  'analytics.getRevenue': ({ venueId, eventId }) => ({ params: { venueId, eventId } }),
  'analytics.listSales': ({ venueId }) => ({ query: { ...page, venueId } }),
  'analytics.getSales': ({ eventId }) => ({
    params: { eventId },
    query: { format: 'json', interval: 'day' },
  }),
  'analytics.watchSales': ({ eventId }) => ({ params: { eventId }, query: { interval: 'hour' } }),
  'analytics.clearCache': () => ({ params: { name: 'nothing' } }),
  'analytics.listCacheKeys': () => ({ params: { name: 'reads' }, query: page }),
  'analytics.getCacheEntry': () => ({ params: { name: 'reads' }, query: { key: 'none' } }),
}
