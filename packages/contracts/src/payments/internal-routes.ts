import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'
import { KeptEmail } from '../values/email.ts'
import { ContactChangeId, OrderId } from '../values/ids.ts'
import { Order } from './order.ts'
import { CONTACT_CHANGE_NOT_FOUND, ORDER_NOT_FOUND } from './refusals.ts'

/** An order as other services see it. */
export const OrderInfo = Order.omit({ tickets: true, contact: true }).extend({
  contactEmail: KeptEmail.optional().meta({
    description: "the order's confirmed address; absent: that of its buyer's account",
  }),
})
export type OrderInfo = z.output<typeof OrderInfo>

/** `INVALID`: used, or replaced by another; `EXPIRED`: too late. */
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
    summary: 'Get several orders; unknown ones are left out',
    access: { services: ['notification-service'] },
    body: z.strictObject({ orderIds: z.array(OrderId).min(1).max(100) }),
    responses: { 200: z.object({ orders: z.array(OrderInfo) }) },
  }),
} as const

const params = z.object({ changeId: ContactChangeId })
const access = { services: ['notification-service'] } as const

/**
 * Actions of the links in mails about an order's address. Their tokens are issued by the notification
 * service.
 */
export const paymentsContactRoutes = {
  getContactChange: defineRoute({
    method: 'GET',
    path: '/api/payments/internal/contact-changes/:changeId',
    summary: "Check whether the links of an order's address change still work",
    access,
    params,
    responses: { 200: z.object({ confirmable: z.boolean(), undoable: z.boolean() }) },
    refusals: [CONTACT_CHANGE_NOT_FOUND],
  }),
  settleContactChange: defineRoute({
    method: 'POST',
    path: '/api/payments/internal/contact-changes/:changeId/settle',
    summary:
      "Confirm, refuse or undo an order's address change, on behalf of the mail's reader; safe to repeat",
    access,
    params,
    body: z.strictObject({ act: z.enum(['CONFIRM', 'DISOWN', 'UNDO']) }),
    responses: { 200: z.object({ outcome: ContactOutcome }) },
  }),
} as const
