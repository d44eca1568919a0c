import * as z from 'zod'
import { defineRoute, Refusal } from '../http/define-route.ts'
import { OrderId } from '../values/ids.ts'
import { Order } from './order.ts'

/** An order as other services see it. */
export const OrderInfo = Order.omit({ tickets: true })
export type OrderInfo = z.output<typeof OrderInfo>

export const paymentsInternalRoutes = {
  getOrderInfo: defineRoute({
    method: 'GET',
    path: '/api/payments/internal/orders/:orderId',
    summary: 'One order',
    access: { services: ['ticket-service', 'notification-service'] },
    params: z.object({ orderId: OrderId }),
    responses: { 200: OrderInfo, 404: Refusal },
  }),
  getOrderInfos: defineRoute({
    method: 'POST',
    path: '/api/payments/internal/orders/batch',
    summary: 'Several orders; those that do not exist are left out',
    access: { services: ['notification-service'] },
    body: z.strictObject({ orderIds: z.array(OrderId).min(1).max(100) }),
    responses: { 200: z.object({ orders: z.array(OrderInfo) }) },
  }),
} as const
