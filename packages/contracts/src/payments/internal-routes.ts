import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'
import { KeptEmail } from '../values/email.ts'
import { ContactChangeId, OrderId } from '../values/ids.ts'
import { Order } from './order.ts'
import { CONTACT_CHANGE_NOT_FOUND, ORDER_NOT_FOUND } from './refusals.ts'

/** An order as other services see it. */
export const OrderInfo = Order.omit({ tickets: true, contact: true }).extend({
  contactEmail: KeptEmail.optional().meta({
    description: "the order's confirmed address; absent: the one of its buyer's account",
  }),
})
export type OrderInfo = z.output<typeof OrderInfo>

/** `INVALID`: used, or ended by another; `EXPIRED`: too late. */
export const ContactOutcome = z.enum(['DONE', 'INVALID', 'EXPIRED'])
export type ContactOutcome = z.output<typeof ContactOutcome>

export const paymentsInternalRoutes = {
  getOrderInfo: defineRoute({
    method: 'GET',
    path: '/api/payments/internal/orders/:orderId',
    summary: 'One order',
    access: { services: ['ticket-service', 'notification-service'] },
    params: z.object({ orderId: OrderId }),
    responses: { 200: OrderInfo },
    refusals: [ORDER_NOT_FOUND],
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

const params = z.object({ changeId: ContactChangeId })
const access = { services: ['notification-service'] } as const

/** What the links of mails about an order's address do. Their tokens are the notification service's. */
export const paymentsContactRoutes = {
  getContactChange: defineRoute({
    method: 'GET',
    path: '/api/payments/internal/contact-changes/:changeId',
    summary: "Whether the links of a change of an order's address still work",
    access,
    params,
    responses: { 200: z.object({ confirmable: z.boolean(), undoable: z.boolean() }) },
    refusals: [CONTACT_CHANGE_NOT_FOUND],
  }),
  settleContactChange: defineRoute({
    method: 'POST',
    path: '/api/payments/internal/contact-changes/:changeId/settle',
    summary:
      "Confirm, refuse or undo a change of an order's address, for the reader of the mail; repeating it changes nothing",
    access,
    params,
    body: z.strictObject({ act: z.enum(['CONFIRM', 'DISOWN', 'UNDO']) }),
    responses: { 200: z.object({ outcome: ContactOutcome }) },
  }),
} as const
