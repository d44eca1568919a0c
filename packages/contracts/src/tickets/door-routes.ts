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

// What becomes of a ticket once it is somebody's: it changes hands, and it admits.

/** EXPIRED: the event was cancelled or is over, and nobody had claimed the ticket. */
export const TransferStatus = z.enum(['PENDING', 'COMPLETED', 'CANCELLED', 'EXPIRED'])
export type TransferStatus = z.output<typeof TransferStatus>

/** A ticket that was passed on, as its sender sees it: what it became is the recipient's alone. */
export const Transfer = z.object({
  transferId: TransferId,
  ticketId: TicketId.meta({ description: 'the ticket that was passed on' }),
  eventId: EventId,
  status: TransferStatus.meta({
    description: 'PENDING until somebody claims it with the secret that was mailed to the address',
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

/** A public Ed25519 key; `kid` is what codes carry. */
export const CodeVerificationKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string().regex(/^[0-9a-f]{8}$/),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
})
export type CodeVerificationKey = z.output<typeof CodeVerificationKey>

/** Somebody who may come, or came. */
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
      'Pass a ticket on: at once to a confirmed address, otherwise when it is claimed. The old code stops',
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
      saying(RATE_LIMITED, 'too many of one sender, or to one address, whoever sends them'),
    ],
  }),
  claimTransfer: defineRoute({
    method: 'POST',
    path: '/api/tickets/transfers/claim',
    summary:
      'Take a ticket that was passed on, with the secret that was mailed; repeating it answers the same ticket',
    access: 'proven',
    body: z.strictObject({ token: z.string().min(1).max(512) }),
    responses: {
      200: Ticket,
    },
    refusals: [
      EMAIL_NOT_VERIFIED,
      saying(TRANSFER_NOT_FOUND, 'it is not what was mailed'),
      ...Object.values(claimTransferRefusals),
    ],
  }),
  listTransfers: defineRoute({
    method: 'GET',
    path: '/api/tickets/transfers',
    summary: 'The tickets that one has passed on, the newest first',
    access: 'user',
    query: Page,
    responses: { 200: z.object({ transfers: z.array(Transfer), nextCursor: NextCursor }) },
  }),
  cancelTransfer: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/transfers/:transferId',
    summary: 'Keep a ticket after all, while nobody has claimed it',
    access: 'user',
    params: transferParams,
    responses: { 204: Empty },
    refusals: [TRANSFER_NOT_FOUND, TRANSFER_COMPLETED],
  }),
  checkIn: defineRoute({
    method: 'POST',
    path: '/api/tickets/check-in',
    summary: 'Admit whoever shows this code, once',
    access: 'organizer',
    body: z.strictObject({
      eventId: EventId,
      code: z.string().trim().min(1).max(2_000).meta({ description: "what the ticket's picture says" }),
      gate: line(50).optional(),
    }),
    responses: {
      200: CheckIn,
    },
    refusals: [
      FORBIDDEN,
      EVENT_NOT_FOUND,
      saying(TICKET_NOT_FOUND, 'this is no ticket for any of your events, also a forged or foreign code'),
      ...Object.values(checkInRefusals),
    ],
  }),
  getCheckInKey: defineRoute({
    method: 'GET',
    path: '/api/tickets/check-in/key',
    summary: 'What verifies codes without us',
    access: 'organizer',
    query: z.object({ eventId: EventId }),
    responses: {
      200: z.object({
        eventId: EventId,
        keys: z.array(CodeVerificationKey),
        format: z.string().meta({ description: 'how a code is built, and what to check' }),
      }),
    },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
  listAttendees: defineRoute({
    method: 'GET',
    path: '/api/tickets/attendees',
    summary: 'Who may come and who came: in pages, or all of them as a spreadsheet',
    access: 'organizer',
    query: Page.extend({ eventId: EventId, format: z.enum(['json', 'csv']).default('json') }),
    responses: {
      200: fileOr(z.object({ attendees: z.array(Attendee), nextCursor: NextCursor }), 'text/csv'),
    },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
} as const
