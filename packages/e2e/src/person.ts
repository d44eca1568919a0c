import { randomBytes, randomUUID } from 'node:crypto'
import {
  authRoutes,
  type Currency,
  type EventId,
  eventsRoutes,
  type Minor,
  notificationsRoutes,
  type OrderId,
  paymentsRoutes,
  type Response,
  type Route,
  type TicketTypeId,
  ticketsRoutes,
  type UserId,
} from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'

const DAY_MS = 86_400_000
const FOREVER_MS = 120_000

/** The body of an answer with this status; throws with what was answered instead. */
export function expectStatus<A extends { status: number; body: unknown }, S extends A['status']>(
  answer: A,
  status: S,
): Extract<A, { status: S }>['body'] {
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body as never
}

/** Somebody who uses the public API through the edge, from registering on. */
export async function createPerson(
  edgeUrl: string,
  name: { firstName: string; lastName: string },
  options: { organizer?: boolean } = {},
) {
  const email = `${
    name.firstName
      .normalize('NFD')
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase() || 'guest'
  }.${randomBytes(4).toString('hex')}@boxoffice.example`
  const password = randomBytes(12).toString('base64url')
  let token = ''
  const headers = () => (token ? { authorization: `Bearer ${token}` } : ({} as Record<string, string>))
  const clientOf = <T extends Readonly<Record<string, Route>>>(routes: T) => createClient(routes, { baseUrl: edgeUrl, headers })
  const auth = clientOf(authRoutes)

  let session = expectStatus(await auth.register({ body: { email, password, ...name } }), 201)
  token = session.accessToken
  if (options.organizer) {
    expectStatus(await auth.becomeOrganizer({}), 200)
    session = expectStatus(await auth.login({ body: { email, password } }), 200)
    token = session.accessToken
  }
  const payments = clientOf(paymentsRoutes)

  type Wish = { eventId: EventId; ticketTypeId: TicketTypeId; quantity: number }
  /** Buy straight away. */
  const buy = (what: Wish, how: { paymentToken?: string; holderName?: string; key?: string } = {}) =>
    payments.createOrder({
      headers: { 'idempotency-key': how.key ?? randomUUID() },
      body: {
        eventId: what.eventId,
        ticketRequests: [{ ticketTypeId: what.ticketTypeId, quantity: what.quantity }],
        paymentMethod: 'CREDIT_CARD',
        paymentToken: how.paymentToken ?? 'pm_card_visa',
        holderName: how.holderName ?? `${name.firstName} ${name.lastName}`,
      },
    })

  return {
    email,
    userId: session.user.userId as UserId,
    headers,
    auth,
    events: clientOf(eventsRoutes),
    tickets: clientOf(ticketsRoutes),
    payments,
    notifications: clientOf(notificationsRoutes),

    buy,

    /** Buy as a client that does not know what became of its request: the same key until there is an answer; the order's id. */
    async buyInsistently(what: Wish, paymentToken: string): Promise<OrderId> {
      const key = randomUUID()
      const limit = Date.now() + FOREVER_MS
      for (;;) {
        const answer = await buy(what, { key, paymentToken }).catch(() => null)
        if (answer?.status === 201 || answer?.status === 202 || answer?.status === 402) return answer.body.orderId
        if (answer && answer.status !== 503) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`)
        if (Date.now() > limit) throw new Error('no answer in two minutes')
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },

    /** The order when it `is` so, through restarts; throws with how it stands after two minutes. */
    async waitForOrder(orderId: OrderId, is: (order: OrderOf) => boolean): Promise<OrderOf> {
      const limit = Date.now() + FOREVER_MS
      let last = 'unanswered'
      for (let pauseMs = 50; ; pauseMs = Math.min(500, pauseMs * 1.5)) {
        const answer = await payments.getOrder({ params: { orderId } }).catch(() => null)
        if (answer) {
          const order = expectStatus(answer, 200)
          if (is(order)) return order
          last = `${order.status}, ${order.paymentStatus}`
        }
        if (Date.now() > limit) throw new Error(`order ${orderId} is still ${last}`)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    },
  }
}
export type Person = Awaited<ReturnType<typeof createPerson>>
type OrderOf = Extract<Response<typeof paymentsRoutes.getOrder>, { status: 200 }>['body']

/** A published event with one kind of ticket, by its organizer. */
export async function publishEvent(
  organizer: Person,
  what: { name: string; quantity: number; unitPrice: number; currency?: Currency; venueName?: string; venueAddress?: string },
) {
  const event = expectStatus(
    await organizer.events.createEvent({
      body: {
        name: what.name,
        description: 'An evening to remember.',
        eventDate: new Date(Date.now() + 30 * DAY_MS),
        endDate: new Date(Date.now() + 30 * DAY_MS + DAY_MS / 6),
        timeZone: 'Europe/Warsaw',
        category: 'MUSIC',
        venueName: what.venueName ?? 'Klub Proxima',
        venueAddress: what.venueAddress ?? 'Żwirki i Wigury 99A, Warszawa',
      },
    }),
    201,
  )
  const type = expectStatus(
    await organizer.tickets.createTicketType({
      body: {
        eventId: event.eventId,
        name: 'Standing',
        unitPrice: what.unitPrice as Minor,
        currency: what.currency ?? 'EUR',
        quantity: what.quantity,
      },
    }),
    201,
  )
  expectStatus(await organizer.events.publishEvent({ params: { eventId: event.eventId } }), 200)
  return { event, type, eventId: event.eventId, ticketTypeId: type.ticketTypeId }
}
