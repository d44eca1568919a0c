import {
  authInternalRoutes,
  EVENT_NOT_FOUND,
  type EventId,
  type EventInfo,
  eventsInternalRoutes,
  ORDER_NOT_FOUND,
  type OrderId,
  type OrderInfo,
  paymentsInternalRoutes,
  SEATING_PLAN_NOT_FOUND,
  SERVICE_UNAVAILABLE,
  type SeatingPlan,
  USER_NOT_FOUND,
  type UserId,
} from '@boxoffice/contracts'
import { refuse } from '@boxoffice/service-kit'
import { startPeer } from '@boxoffice/service-kit/testing'

/** What the other services know; a test changes it. */
const createKnown = () => ({
  eventInfos: new Map<EventId, EventInfo>(),
  seatingPlans: new Map<EventId, SeatingPlan>(),
  orderInfos: new Map<OrderId, OrderInfo>(),
  /** Accounts of the auth service by address. */
  accounts: new Map<string, { userId: UserId; emailVerified: boolean }>(),
  auth: { isDown: false },
})
type Known = ReturnType<typeof createKnown>

/** Starts stubs of the event, payment and auth service, which answer by their contracts from `known`. */
export async function startPeers() {
  const known = createKnown()
  const [events, payments, auth] = await Promise.all([
    startEvents(known),
    startPayments(known),
    startAuth(known),
  ])
  return {
    known,
    environment: { AUTH_URL: auth.url, EVENTS_URL: events.url, PAYMENTS_URL: payments.url },
    close: () => Promise.all([auth.close(), events.close(), payments.close()]),
  }
}

const startEvents = ({ eventInfos, seatingPlans }: Known) =>
  startPeer(eventsInternalRoutes, {
    getEventInfo: async ({ params }) => {
      const body = eventInfos.get(params.eventId)
      return body ? { status: 200, body } : refuse(EVENT_NOT_FOUND, { message: 'no such event' })
    },
    validateOrganizer: async () => refuse(EVENT_NOT_FOUND, { message: 'not called here' }),
    getEventInfos: async () => ({ status: 200, body: { events: [] } }),
    getSeatingPlanInfo: async ({ params }) => {
      const body = seatingPlans.get(params.eventId)
      return body
        ? { status: 200, body: JSON.stringify(body) }
        : refuse(SEATING_PLAN_NOT_FOUND, { message: 'no plan' })
    },
  })

const startPayments = ({ orderInfos }: Known) =>
  startPeer(
    { getOrderInfo: paymentsInternalRoutes.getOrderInfo },
    {
      getOrderInfo: async ({ params }) => {
        const body = orderInfos.get(params.orderId)
        return body ? { status: 200, body } : refuse(ORDER_NOT_FOUND, { message: 'no such order' })
      },
    },
  )

function startAuth({ accounts, auth }: Known) {
  const { getUser, getUserByEmail } = authInternalRoutes
  const answerUser = (email: string | undefined) => {
    if (auth.isDown) return refuse(SERVICE_UNAVAILABLE, { message: 'down' }) as never
    const user = email === undefined ? undefined : accounts.get(email)
    if (!email || !user) return refuse(USER_NOT_FOUND, { message: 'no such user' })
    const name = { firstName: 'Ada', lastName: 'Nowak', locale: 'pl' }
    return { status: 200 as const, body: { ...user, email, ...name, createdAt: new Date() } }
  }
  return startPeer(
    { getUser, getUserByEmail },
    {
      getUserByEmail: async ({ body: { email } }) => answerUser(email),
      getUser: async ({ params: { userId } }) =>
        answerUser([...accounts].find(([, account]) => account.userId === userId)?.[0]),
    },
  )
}
