import * as z from 'zod'
import { EVENT_NOT_FOUND } from '../events/refusals.ts'
import { saying } from '../http/define-refusal.ts'
import { defineRoute, Empty, fileOr, NextCursor, Page } from '../http/define-route.ts'
import { EMAIL_NOT_VERIFIED, FORBIDDEN, RATE_LIMITED } from '../http/refusals.ts'
import { Email, KeptEmail } from '../values/email.ts'
import { EventId, OrderId, TicketId, TransferId } from '../values/ids.ts'
import { plainName } from '../values/plain-name.ts'
import { Seat } from '../values/seat.ts'
import { Instant, line } from '../values/text.ts'
import {
  checkInRefusals,
  claimTransferRefusals,
  stopFields,
  TICKET_NOT_FOUND,
  TRANSFER_COMPLETED,
  TRANSFER_NOT_FOUND,
  transferRefusals,
} from './refusals.ts'
import { Ticket, TicketStatus } from './ticket.ts'

// Transfers and check-in of tickets.

/** EXPIRED: the event was cancelled or is over before the ticket was claimed. */
export const TransferStatus = z.enum(['PENDING', 'COMPLETED', 'CANCELLED', 'EXPIRED'])
export type TransferStatus = z.output<typeof TransferStatus>

/** A transfer as its sender sees it; the resulting ticket is visible to the recipient only. */
export const Transfer = z.object({
  transferId: TransferId,
  ticketId: TicketId.meta({ description: 'the transferred ticket' }),
  eventId: EventId,
  status: TransferStatus.meta({
    description: 'PENDING until it is claimed with the secret that was mailed to the address',
  }),
  email: KeptEmail,
  holderName: z.string(),
  createdAt: Instant,
  endedAt: Instant.optional().meta({ description: 'when it was completed or cancelled' }),
})
export type Transfer = z.output<typeof Transfer>

export const CheckIn = z.object({
  admitted: z.literal(true),
  ticket: Ticket,
  checkedInAt: Instant,
  gate: z.string().optional(),
})
export type CheckIn = z.output<typeof CheckIn>

/** A public Ed25519 key; codes carry its `kid`. */
export const CodeVerificationKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string().regex(/^[0-9a-f]{8}$/),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
})
export type CodeVerificationKey = z.output<typeof CodeVerificationKey>

/** An expected or admitted guest. */
export const Attendee = z.object({
  ticketId: TicketId,
  ticketNumber: z.string(),
  orderId: OrderId,
  holderName: z.string(),
  ticketTypeName: z.string(),
  seat: Seat.optional(),
  section: z.string().optional().meta({ description: "the name of the seat's zone" }),
  status: TicketStatus,
  checkedInAt: Instant.optional(),
  gate: z.string().optional(),
  ...stopFields,
  createdAt: Instant,
})
export type Attendee = z.output<typeof Attendee>

const transferParams = z.object({ transferId: TransferId })

export const doorOperations = {
  transferTicket: defineRoute({
    method: 'POST',
    path: '/api/tickets/:ticketId/transfer',
    summary:
      'Transfer a ticket: at once to a confirmed address, otherwise when it is claimed. ' +
      'The old code stops working',
    access: 'proven',
    params: z.object({ ticketId: TicketId }),
    body: z.strictObject({ email: Email, holderName: plainName(200) }),
    responses: {
      200: Transfer,
    },
    refusals: [
      EMAIL_NOT_VERIFIED,
      TICKET_NOT_FOUND,
      ...Object.values(transferRefusals),
      saying(RATE_LIMITED, 'too many transfers by one sender, or to one address by all senders'),
    ],
  }),
  claimTransfer: defineRoute({
    method: 'POST',
    path: '/api/tickets/transfers/claim',
    summary: 'Claim a transferred ticket with the mailed secret; repeating it returns the same ticket',
    access: 'proven',
    body: z.strictObject({ token: z.string().min(1).max(512) }),
    responses: {
      200: Ticket,
    },
    refusals: [
      EMAIL_NOT_VERIFIED,
      saying(TRANSFER_NOT_FOUND, 'the secret is wrong'),
      ...Object.values(claimTransferRefusals),
    ],
  }),
  listTransfers: defineRoute({
    method: 'GET',
    path: '/api/tickets/transfers',
    summary: 'List your transfers, newest first',
    access: 'user',
    query: Page,
    responses: { 200: z.object({ transfers: z.array(Transfer), nextCursor: NextCursor }) },
  }),
  cancelTransfer: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/transfers/:transferId',
    summary: 'Cancel a transfer that has not been claimed',
    access: 'user',
    params: transferParams,
    responses: { 204: Empty },
    refusals: [TRANSFER_NOT_FOUND, TRANSFER_COMPLETED],
  }),
  checkIn: defineRoute({
    method: 'POST',
    path: '/api/tickets/check-in',
    summary: 'Admit the holder of this code, once',
    access: 'organizer',
    body: z.strictObject({
      eventId: EventId,
      code: z.string().trim().min(1).max(2_000).meta({ description: "the content of the ticket's QR code" }),
      gate: line(50).optional(),
    }),
    responses: {
      200: CheckIn,
    },
    refusals: [
      FORBIDDEN,
      EVENT_NOT_FOUND,
      saying(TICKET_NOT_FOUND, 'not a ticket of your events; also for a forged or foreign code'),
      ...Object.values(checkInRefusals),
    ],
  }),
  getCheckInKey: defineRoute({
    method: 'GET',
    path: '/api/tickets/check-in/key',
    summary: 'Get the keys that verify codes offline',
    access: 'organizer',
    query: z.object({ eventId: EventId }),
    responses: {
      200: z.object({
        eventId: EventId,
        keys: z.array(CodeVerificationKey),
        format: z.string().meta({ description: 'the format of a code, and what to check' }),
      }),
    },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
  listAttendees: defineRoute({
    method: 'GET',
    path: '/api/tickets/attendees',
    summary: 'List guests and admissions: in pages, or all as a spreadsheet',
    access: 'organizer',
    query: Page.extend({ eventId: EventId, format: z.enum(['json', 'csv']).default('json') }),
    responses: {
      200: fileOr(z.object({ attendees: z.array(Attendee), nextCursor: NextCursor }), 'text/csv'),
    },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
} as const
