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

/** A ticket as papers and mails show it. */
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

/** An order's tickets that are valid now, as their PDF shows them. */
export const OrderPrint = z.object({
  version: z.string().meta({ description: 'another one as soon as the PDF would show anything else' }),
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

/** So many orders are asked for at once: their files may be large. */
export const PRINTS_MAX = 10

/** What mails about tickets are made of, and looked at once more right before they go out. */
export const ticketsMailingRoutes = {
  getOrderPrint: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/orders/:orderId/print',
    summary: "An order's tickets that are valid now, as their PDF shows them",
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
    summary: 'The same of several orders, each at its place',
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
      "An order's valid tickets as one PDF, a page each; made once and kept for its retries. Its ETag is the version",
    access: readers,
    params: z.object({ orderId: OrderId }),
    query: z.object({
      version: z.string().max(100).optional().meta({ description: 'only this one is of use' }),
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
    summary: 'How many valid tickets of an event somebody holds',
    access: readers,
    params: z.object({ eventId: EventId, userId: UserId }),
    responses: {
      200: z.object({
        ticketCount: z.int().nonnegative(),
        stoppedCount: z.int().nonnegative().meta({ description: 'how many of them admit nobody for now' }),
      }),
    },
  }),
  getTicketInfos: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/tickets',
    summary: 'Tickets as they are now; those that are not there are left out',
    access: { services: ['notification-service'] },
    body: z.strictObject({ ticketIds: z.array(TicketId).min(1).max(TICKETS_PER_ORDER_MAX) }),
    responses: { 200: z.object({ tickets: z.array(Ticket) }) },
  }),
  getTransferInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/transfers/:transferId',
    summary:
      'How a transfer stands, and the secret with which it is claimed: for the mail to its address, and nothing else',
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
