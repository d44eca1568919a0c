import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'
import { FORBIDDEN } from '../http/refusals.ts'
import { TicketId } from '../values/ids.ts'
import { line } from '../values/text.ts'
import { ALREADY_CHECKED_IN, TICKET_CANCELLED, TICKET_NOT_FOUND, TICKET_TRANSFERRED } from './refusals.ts'
import { Ticket } from './ticket.ts'

// A ticket that is stopped admits nobody until it is reinstated. What it takes of its event it keeps.

/** What an organizer wants done when a dispute of a charge is lost. */
export const DisputePolicy = z.strictObject({
  stopTickets: z
    .boolean()
    .meta({ description: 'the tickets of its order are stopped, unless they were used; true until changed' }),
})
export type DisputePolicy = z.output<typeof DisputePolicy>

const params = z.object({ ticketId: TicketId })

export const stopOperations = {
  stopTicket: defineRoute({
    method: 'PUT',
    path: '/api/tickets/:ticketId/stop',
    summary:
      'Stop a ticket of one’s event: it admits nobody and cannot be passed on, until it is reinstated. Its place stays taken',
    access: 'organizer',
    params,
    body: z.strictObject({
      note: line(200)
        .optional()
        .meta({ description: 'why, for people at the door; its holder is not shown it' }),
    }),
    responses: {
      200: Ticket,
    },
    refusals: [FORBIDDEN, TICKET_NOT_FOUND, ALREADY_CHECKED_IN, TICKET_CANCELLED, TICKET_TRANSFERRED],
  }),
  reinstateTicket: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/:ticketId/stop',
    summary: 'Reinstate a ticket that was stopped, by whomever: the code that its holder has admits again',
    access: 'organizer',
    params,
    responses: {
      200: Ticket.meta({ description: 'also one that is not stopped' }),
    },
    refusals: [FORBIDDEN, TICKET_NOT_FOUND, TICKET_CANCELLED, TICKET_TRANSFERRED],
  }),
  getDisputePolicy: defineRoute({
    method: 'GET',
    path: '/api/tickets/dispute-policy',
    summary: 'What becomes of the tickets of one’s events when a dispute is lost',
    access: 'organizer',
    responses: { 200: DisputePolicy },
    refusals: [FORBIDDEN],
  }),
  putDisputePolicy: defineRoute({
    method: 'PUT',
    path: '/api/tickets/dispute-policy',
    summary: 'Have it otherwise from now on; what is stopped stays so',
    access: 'organizer',
    body: DisputePolicy,
    responses: { 200: DisputePolicy },
    refusals: [FORBIDDEN],
  }),
} as const
