import type { IncomingHttpHeaders } from 'node:http'
import {
  EMAIL_NOT_VERIFIED,
  EVENT_NOT_FOUND,
  type EventId,
  FORBIDDEN,
  ORDER_NOT_FOUND,
  type paymentsInternalRoutes,
  type paymentsRoutes,
} from '@boxoffice/contracts'
import {
  bodyHashOf,
  cursorFields,
  defineCursor,
  type HandlerAnswer,
  type Handlers,
  refuse,
  refuseUnknown,
  type Sql,
  type UserPrincipal,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { listSagaEvents } from '../saga/journal-repository.ts'
import { type Access, isAdmin } from './access.ts'
import { answerTo, shownTo, toContract, toInfo } from './answers.ts'
import { type ChangeDeps, cancelOrder, nameHolder } from './change-order.ts'
import { type CheckoutDeps, checkout } from './checkout.ts'
import { type ContactDeps, requestContactOnce } from './contact.ts'
import type { ContactRoutes } from './contact-routes.ts'
import { requireToken } from './free-order.ts'
import { historyOf } from './history.ts'
import { listOrders } from './order-page-repository.ts'
import { findOrder, findOrders } from './order-repository.ts'
import type { Acceptance } from './place-order.ts'
import { preferenceApplied, prefersAsync } from './prefer.ts'

const cursor = defineCursor({ createdAt: cursorFields.instant, orderId: cursorFields.id })

const contactRefused = refuse(EMAIL_NOT_VERIFIED, {
  message: 'confirm your address first, or leave out contactEmail',
})

type OrderRoutes = Omit<
  typeof paymentsRoutes,
  'stripeWebhook' | 'refundOrder' | 'listRefunds' | keyof ContactRoutes
>

type OrderDeps = CheckoutDeps &
  ChangeDeps &
  ContactDeps &
  Acceptance &
  Parameters<typeof requireToken>[0] & {
    access: Access
    config: Pick<Config, 'orderQueue'>
  }

export function orderHandlers(deps: OrderDeps): Handlers<OrderRoutes> {
  const sql = deps.db
  const isForLater = ({ prefer }: IncomingHttpHeaders) => deps.config.orderQueue && prefersAsync(prefer)
  return {
    async createOrder({ body, principal, idempotencyKey, rawBody, headers }) {
      const { contactEmail } = body
      if (contactEmail !== undefined && !principal.emailVerified) return contactRefused
      const request = { userId: principal.userId, body, key: idempotencyKey, bodyHash: bodyHashOf(rawBody) }
      await requireToken(deps, request)
      const later = isForLater(headers)
      const order = await (later ? deps.acceptOrder(request) : checkout(deps, request))
      if (contactEmail !== undefined) await requestContactOnce(deps, order, contactEmail)
      const answer = answerTo(order)
      if (!later) return answer
      return answer.status === 202 ? { ...answer, headers: preferenceApplied } : answer
    },
    async listOrders({ query, principal }) {
      const { eventId, limit } = query
      const refusal = eventId && (await refuseOrdersOf(deps, eventId, principal))
      if (refusal) return refusal
      const after = cursor.decode(query.cursor)
      const { orders, more } = await listOrders(
        sql,
        eventId ? { eventId } : { userId: principal.userId },
        limit,
        after,
      )
      const last = orders.at(-1)
      const nextCursor = more && last ? cursor.encode(last) : null
      return { status: 200, body: { orders: orders.map((order) => shownTo(principal, order)), nextCursor } }
    },
    async getOrder({ params, principal }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || !(await deps.access.maySee(order, principal)))
        return refuseUnknown(ORDER_NOT_FOUND, params.orderId)
      return { status: 200, body: shownTo(principal, order) }
    },
    async updateOrder({ params: { orderId }, principal: { userId }, body: { holderName }, headers }) {
      if (!isForLater(headers)) {
        return { status: 200, body: toContract(await nameHolder(deps, orderId, userId, holderName)) }
      }
      const order = await deps.acceptHolderName(orderId, userId, holderName)
      return { status: 202, body: toContract(order), headers: preferenceApplied }
    },
    async cancelOrder({ params: { orderId }, principal: { userId }, headers }) {
      if (!isForLater(headers))
        return { status: 202, body: toContract(await cancelOrder(deps, orderId, userId)) }
      const order = await deps.acceptCancellation(orderId, userId)
      return { status: 202, body: toContract(order), headers: preferenceApplied }
    },
    async getOrderHistory({ params, principal }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || (order.userId !== principal.userId && !isAdmin(principal)))
        return refuseUnknown(ORDER_NOT_FOUND, params.orderId)
      return { status: 200, body: { history: historyOf(order, await listSagaEvents(sql, order.orderId)) } }
    },
    async watchOrder({ params, principal, signal }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || (order.userId !== principal.userId && !isAdmin(principal)))
        return refuseUnknown(ORDER_NOT_FOUND, params.orderId)
      return { status: 200, body: deps.watchOrder(order, signal) }
    },
  }
}

/** Refuses the orders of an event to users other than its organizer; a draft is answered as not found. */
async function refuseOrdersOf(
  { access }: { access: Access },
  eventId: EventId,
  principal: UserPrincipal,
): Promise<HandlerAnswer<typeof paymentsRoutes.listOrders> | null> {
  const event = await access.findEvent(eventId)
  const isTheirs = event?.organizerId === principal.userId || isAdmin(principal)
  if (!event || (event.status === 'DRAFT' && !isTheirs)) return refuseUnknown(EVENT_NOT_FOUND, eventId)
  return isTheirs ? null : refuse(FORBIDDEN, { message: "an event's orders are for its organizer" })
}

export function orderInternalHandlers(deps: { db: Sql }): Handlers<typeof paymentsInternalRoutes> {
  return {
    async getOrderInfo({ params }) {
      const order = await findOrder(deps.db, params.orderId)
      return order ? { status: 200, body: toInfo(order) } : refuseUnknown(ORDER_NOT_FOUND, params.orderId)
    },
    async getOrderInfos({ body }) {
      const orders = await findOrders(deps.db, body.orderIds)
      return { status: 200, body: { orders: orders.map(toInfo) } }
    },
  }
}
