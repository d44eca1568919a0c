import type { paymentsInternalRoutes, paymentsRoutes } from '@boxoffice/contracts'
import { bodyHashOf, decodeCursor, type Handlers, pageOf, refuse, sqlOfPool } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { listSagaEvents } from '../saga/saga-repository.ts'
import { answerTo, toContract } from './answers.ts'
import { checkout } from './checkout.ts'
import { historyOf } from './history.ts'
import { findOrder, listOrdersOf } from './order-repository.ts'

const Position = z.object({ createdAt: z.iso.datetime(), orderId: z.uuid() })
const notFound = () => refuse(404, 'ORDER_NOT_FOUND', 'no such order')

export function orderHandlers(deps: Dependencies): Omit<Handlers<typeof paymentsRoutes>, 'stripeWebhook'> {
  const sql = sqlOfPool(deps.pool)
  return {
    async createOrder({ body, principal, idempotencyKey, rawBody }) {
      const { userId } = principal
      return answerTo(await checkout(deps, { userId, body, key: idempotencyKey, bodyHash: bodyHashOf(rawBody) }))
    },
    async listOrders({ query, principal }) {
      const after = decodeCursor(Position, query.cursor)
      const rows = await listOrdersOf(sql, principal.userId, query.limit, after)
      const { page, nextCursor } = pageOf(rows, query.limit, ({ createdAt, orderId }) => ({
        createdAt: createdAt.toISOString(),
        orderId,
      }))
      return { status: 200, body: { orders: page.map(toContract), nextCursor } }
    },
    async getOrder({ params, principal }) {
      const order = await findOrder(sql, params.orderId)
      return order?.userId === principal.userId ? { status: 200, body: toContract(order) } : notFound()
    },
    async getOrderHistory({ params, principal }) {
      const order = await findOrder(sql, params.orderId)
      if (!order || (order.userId !== principal.userId && !principal.roles.includes('ADMIN'))) return notFound()
      return { status: 200, body: { history: historyOf(order, await listSagaEvents(sql, order.orderId)) } }
    },
  }
}

export function orderInternalHandlers(deps: Dependencies): Handlers<typeof paymentsInternalRoutes> {
  return {
    async getOrderInfo({ params }) {
      const order = await findOrder(sqlOfPool(deps.pool), params.orderId)
      return order ? { status: 200, body: toContract(order) } : notFound()
    },
  }
}
