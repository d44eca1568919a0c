import * as z from 'zod'
import { defineRoute } from '../http/define-route.ts'
import { FORBIDDEN } from '../http/refusals.ts'
import { TicketId } from '../values/ids.ts'
import { line } from '../values/text.ts'
import { ALREADY_CHECKED_IN, TICKET_CANCELLED, TICKET_NOT_FOUND, TICKET_TRANSFERRED } from './refusals.ts'
import { Ticket } from './ticket.ts'

// A stopped ticket is not valid until it is reinstated. It still occupies its place.

/** What an organizer wants after a lost dispute of a charge. */
export const DisputePolicy = z.strictObject({
  stopTickets: z
    .boolean()
    .meta({ description: 'stop the tickets of its order, unless they were used; true by default' }),
})
export type DisputePolicy = z.output<typeof DisputePolicy>

const params = z.object({ ticketId: TicketId })

export const stopOperations = {
  stopTicket: defineRoute({
    method: 'PUT',
    path: '/api/tickets/:ticketId/stop',
    summary:
      'Stop a ticket of your event: it is not valid and cannot be transferred until it is reinstated. ' +
      'Its place stays taken',
    access: 'organizer',
    params,
    body: z.strictObject({
      note: line(200)
        .optional()
        .meta({ description: 'a note for the staff at the door; its holder does not see it' }),
    }),
    responses: {
      200: Ticket,
    },
    refusals: [FORBIDDEN, TICKET_NOT_FOUND, ALREADY_CHECKED_IN, TICKET_CANCELLED, TICKET_TRANSFERRED],
  }),
  reinstateTicket: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/:ticketId/stop',
    summary: 'Reinstate a stopped ticket, even if someone else stopped it: its code is valid again',
    access: 'organizer',
    params,
    responses: {
      200: Ticket.meta({ description: 'also if it is not stopped' }),
    },
    refusals: [FORBIDDEN, TICKET_NOT_FOUND, TICKET_CANCELLED, TICKET_TRANSFERRED],
  }),
  getDisputePolicy: defineRoute({
    method: 'GET',
    path: '/api/tickets/dispute-policy',
    summary: 'Get the policy for tickets of your events after a lost dispute',
    access: 'organizer',
    responses: { 200: DisputePolicy },
    refusals: [FORBIDDEN],
  }),
  putDisputePolicy: defineRoute({
    method: 'PUT',
    path: '/api/tickets/dispute-policy',
    summary: 'Change the policy; stopped tickets stay stopped',
    access: 'organizer',
    body: DisputePolicy,
    responses: { 200: DisputePolicy },
    refusals: [FORBIDDEN],
  }),
} as const
