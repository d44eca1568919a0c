import { randomBytes, randomUUID } from 'node:crypto'
import { createBoxofficeClient } from '@boxoffice/client'
import {
  analyticsOpsRoutes,
  analyticsProjectionRoutes,
  analyticsRoutes,
  authOpsRoutes,
  authRoutes,
  type EventId,
  eventsOpsRoutes,
  eventsRoutes,
  notificationsDeadLetterRoutes,
  notificationsOpsRoutes,
  notificationsPushRoutes,
  notificationsRoutes,
  notificationsSuppressionRoutes,
  type OrderId,
  paymentsOpsRoutes,
  paymentsRoutes,
  paymentsSagaRoutes,
  type ReservationId,
  type Response,
  type Route,
  seatPurchaseRoutes,
  type TicketTypeId,
  ticketQueryRoutes,
  ticketsOpsRoutes,
  ticketsRoutes,
  type UserId,
} from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import type { AnswerCheck } from './contract/answers.ts'
import { sendChecked } from './contract/send.ts'
import { createMailReader, tokenOf } from './mails.ts'

/** A killed process's messages and jobs become available only after the visibility timeout or the lease. */
const LONG = { patienceMs: 90_000 }

/** Returns the body of a response with this status; throws with the actual response otherwise. */
export function expectStatus<A extends { status: number; body: unknown }, S extends A['status']>(
  answer: A,
  status: S,
): Extract<A, { status: S }>['body'] {
  if (answer.status !== status)
    throw new Error(`unexpected response ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body as never
}

/** Returns a unique email address derived from a name. */
export function addressOf(firstName: string): string {
  const letters = firstName
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase()
  return `${letters || 'guest'}.${randomBytes(4).toString('hex')}@boxoffice.example`
}

interface Options {
  check?: AnswerCheck
  phone?: string
  email?: string
  /** Confirms the email address from the first mail. */
  proven?: boolean
  /** Gives the organizer role; implies `proven`. */
  organizer?: boolean
}

/** Registers a user of the public API through the edge; mails arrive at `mailbox`. */
export async function createPerson(
  { edge: edgeUrl, mailbox }: { edge: string; mailbox: string },
  name: { firstName: string; lastName: string },
  options: Options = {},
) {
  const email = options.email ?? addressOf(name.firstName)
  const password = randomBytes(12).toString('base64url')
  let token = ''
  const headers = () => (token ? { authorization: `Bearer ${token}` } : ({} as Record<string, string>))
  const clients = createClients({ edgeUrl, headers, check: options.check })
  const { auth } = clients
  /** The published client package, which leaves values as they are on the wire. */
  const client = createBoxofficeClient({
    baseUrl: edgeUrl,
    token: () => token,
    fetch: (url, init) => sendChecked(options.check)(String(url), { operationId: '', ...init }),
  })

  let session = expectStatus(
    await auth.register({
      body: { email, password, ...name, ...(options.phone && { phone: options.phone }) },
    }),
    201,
  )
  token = session.accessToken
  async function signIn(address = email): Promise<void> {
    session = expectStatus(await auth.login({ body: { email: address, password } }), 200)
    token = session.accessToken
  }
  /** Follows the link of the first mail, which ends the session, and signs in again. */
  async function confirmAddress(): Promise<void> {
    const mail = await createMailReader(mailbox).waitFor(
      email,
      ({ body }) => tokenOf(body.text, 'verify-email') !== '',
    )
    const confirmation = { token: tokenOf(mail.body.text, 'verify-email'), password }
    expectStatus(await auth.verifyEmail({ body: confirmation }), 204)
    await signIn()
  }
  if (options.proven || options.organizer) await confirmAddress()
  if (options.organizer) {
    expectStatus(await auth.becomeOrganizer({}), 200)
    await signIn()
  }

  return {
    email,
    password,
    userId: session.user.userId as UserId,
    /** Signs in again for a token with the current roles; with a new address if it was changed. */
    signIn,
    confirmAddress,
    session: () => session,
    headers,
    client,
    ...clients,
    ...createPurchases(clients.payments, `${name.firstName} ${name.lastName}`),
  }
}

/** Creates a typed client of each part of the public API. */
function createClients({
  edgeUrl,
  headers,
  check,
}: {
  edgeUrl: string
  headers: () => Record<string, string>
  check?: AnswerCheck
}) {
  const clientOf = <T extends Readonly<Record<string, Route>>>(routes: T) =>
    createClient(routes, { baseUrl: edgeUrl, headers, send: sendChecked(check) })
  return {
    auth: clientOf(authRoutes),
    events: clientOf(eventsRoutes),
    tickets: clientOf(ticketsRoutes),
    payments: clientOf(paymentsRoutes),
    notifications: clientOf({ ...notificationsRoutes, ...notificationsPushRoutes }),
    sagas: clientOf(paymentsSagaRoutes),
    sales: clientOf(analyticsRoutes),
    /** The API for buying a single seat. */
    v1: clientOf({ ...seatPurchaseRoutes, ...ticketQueryRoutes }),
    ops: {
      auth: clientOf(authOpsRoutes),
      events: clientOf(eventsOpsRoutes),
      tickets: clientOf(ticketsOpsRoutes),
      payments: clientOf(paymentsOpsRoutes),
      notifications: clientOf({
        ...notificationsOpsRoutes,
        ...notificationsDeadLetterRoutes,
        ...notificationsSuppressionRoutes,
      }),
      analytics: clientOf({ ...analyticsOpsRoutes, ...analyticsProjectionRoutes }),
    },
  }
}

type Purchase = { eventId: EventId; ticketTypeId: TicketTypeId; quantity: number }

/** Buys tickets and follows orders, as one user. */
function createPurchases(payments: ReturnType<typeof createClients>['payments'], fullName: string) {
  /** Buys without a reservation. */
  const buy = (
    what: Purchase,
    how: { paymentToken?: string; holderName?: string; key?: string; async?: boolean } = {},
  ) =>
    payments.createOrder({
      headers: { 'idempotency-key': how.key ?? randomUUID(), ...(how.async && { prefer: 'respond-async' }) },
      body: {
        eventId: what.eventId,
        ticketRequests: [{ ticketTypeId: what.ticketTypeId, quantity: what.quantity }],
        paymentMethod: 'CREDIT_CARD',
        paymentToken: how.paymentToken ?? 'pm_card_visa',
        holderName: how.holderName ?? fullName,
      },
    })

  return {
    buy,

    /** Pays for a reservation of this user. */
    pay: (reservationId: ReservationId) =>
      payments.createOrder({
        headers: { 'idempotency-key': randomUUID() },
        body: {
          reservationId,
          paymentMethod: 'CREDIT_CARD',
          paymentToken: 'pm_card_visa',
          holderName: fullName,
        },
      }),

    /**
     * Buys like a client that lost the response: repeats the request with the same key until one arrives;
     * returns the order's id.
     */
    async buyInsistently(
      what: Purchase,
      paymentToken: string,
      how: { async?: boolean } = {},
    ): Promise<OrderId> {
      const key = randomUUID()
      const answer = await until(async () => {
        const answer = await buy(what, { key, paymentToken, ...how }).catch(() => null)
        return answer?.status !== 503 && answer
      })
      if (answer.status === 201 || answer.status === 202 || answer.status === 402) return answer.body.orderId
      throw new Error(`unexpected response ${answer.status}: ${JSON.stringify(answer.body)}`)
    },

    /**
     * Waits until the order reaches the state, even through restarts; rejects with its last state, and at
     * once with its history when it has failed instead.
     */
    async waitForOrder(orderId: OrderId, is: (order: OrderOf) => boolean): Promise<OrderOf> {
      const params = { orderId }
      const order = await until(async () => {
        const order = expectStatus(await payments.getOrder({ params }), 200)
        if (is(order) || order.status === 'FAILED') return order
        throw new Error(`order ${orderId} is ${order.status}, ${order.paymentStatus}`)
      }, LONG)
      if (is(order)) return order
      const { history } = expectStatus(await payments.getOrderHistory({ params }), 200)
      const steps = history.map(({ step, result }) => `${step} ${result}`).join(', ')
      throw new Error(`order ${orderId} is FAILED, ${order.paymentStatus}: ${steps}`)
    },
  }
}

export type Person = Awaited<ReturnType<typeof createPerson>>
type OrderOf = Extract<Response<typeof paymentsRoutes.getOrder>, { status: 200 }>['body']
