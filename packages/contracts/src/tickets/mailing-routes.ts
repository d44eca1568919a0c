import * as z from 'zod'
import { saying } from '../http/define-refusal.ts'
import { binary, defineRoute } from '../http/define-route.ts'
import { EventId, OrderId, TicketId, TransferId, UserId } from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { Seat } from '../values/seat.ts'
import { TransferStatus } from './door-routes.ts'
import { ORDER_NOT_PRINTABLE, TICKET_NOT_FOUND, TICKETS_CHANGED, TRANSFER_NOT_FOUND } from './refusals.ts'
import { TICKETS_PER_ORDER_MAX } from './reservation.ts'
import { Ticket } from './ticket.ts'

const readers = { services: ['payment-service', 'notification-service'] } as const

/** A ticket as documents and mails show it. */
export const ShownTicket = z.object({
  ticketId: TicketId,
  ticketNumber: z.string(),
  ticketTypeName: z.string(),
  holderName: z.string(),
  seat: Seat.optional(),
  unitPrice: Money,
  currency: Currency,
})
export type ShownTicket = z.output<typeof ShownTicket>

const filesUpTo = z
  .int()
  .min(0)
  .max(10)
  .optional()
  .meta({ description: 'with the files, where there are no more tickets than this' })

/** The valid tickets of an order, as their PDF shows them. */
export const OrderPrint = z.object({
  version: z.string().meta({ description: 'changes whenever the PDF would change' }),
  printable: z.boolean().meta({ description: 'false: no PDF is made of so many' }),
  tickets: z.array(ShownTicket),
  files: z
    .object({
      pdf: z.base64().meta({ description: 'of all of them' }),
      codes: z.array(z.base64()).meta({ description: 'a PNG of each' }),
    })
    .optional(),
})
export type OrderPrint = z.output<typeof OrderPrint>

/** The most orders in one request: their files may be large. */
export const PRINTS_MAX = 10

/** Content of mails about tickets, checked again right before they are sent. */
export const ticketsMailingRoutes = {
  getOrderPrint: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/orders/:orderId/print',
    summary: 'Get the valid tickets of an order, as their PDF shows them',
    access: readers,
    params: z.object({ orderId: OrderId }),
    query: z.object({
      filesUpTo: z.coerce
        .number()
        .int()
        .min(0)
        .max(10)
        .optional()
        .meta({ description: 'with the files, where there are no more tickets than this' }),
    }),
    responses: { 200: OrderPrint },
  }),
  getOrderPrints: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/orders/prints',
    summary: 'Get the same of several orders, each at its index',
    access: readers,
    body: z.strictObject({
      orders: z
        .array(z.strictObject({ orderId: OrderId, filesUpTo }))
        .min(1)
        .max(PRINTS_MAX),
    }),
    responses: { 200: z.object({ prints: z.array(OrderPrint) }) },
  }),
  getOrderPdf: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/orders/:orderId/tickets.pdf',
    summary:
      "Get an order's valid tickets as one PDF, a page each; cached for retries. Its ETag is the version",
    access: readers,
    params: z.object({ orderId: OrderId }),
    query: z.object({
      version: z.string().max(100).optional().meta({ description: 'only this version is useful' }),
    }),
    responses: {
      200: binary('application/pdf'),
    },
    refusals: [
      saying(TICKET_NOT_FOUND, 'this order has no ticket that is valid'),
      TICKETS_CHANGED,
      ORDER_NOT_PRINTABLE,
    ],
  }),
  countHeldTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/events/:eventId/holders/:userId',
    summary: 'Count the valid tickets of an event that a user holds',
    access: readers,
    params: z.object({ eventId: EventId, userId: UserId }),
    responses: {
      200: z.object({
        ticketCount: z.int().nonnegative(),
        stoppedCount: z.int().nonnegative().meta({ description: 'how many of them are stopped' }),
      }),
    },
  }),
  getTicketInfos: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/tickets',
    summary: 'Get the current state of tickets; unknown ones are left out',
    access: { services: ['notification-service'] },
    body: z.strictObject({ ticketIds: z.array(TicketId).min(1).max(TICKETS_PER_ORDER_MAX) }),
    responses: { 200: z.object({ tickets: z.array(Ticket) }) },
  }),
  getTransferInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/transfers/:transferId',
    summary: 'Get the state of a transfer and the secret that claims it: for the mail to its address only',
    access: { services: ['notification-service'] },
    params: z.object({ transferId: TransferId }),
    responses: {
      200: z.object({
        transferId: TransferId,
        status: TransferStatus,
        claimToken: z.string().optional().meta({ description: 'while it is PENDING' }),
      }),
    },
    refusals: [TRANSFER_NOT_FOUND],
  }),
} as const
