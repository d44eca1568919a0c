import { checkInRefusals, TICKET_NOT_FOUND, type ticketsRoutes } from '@boxoffice/contracts'
import { type Handlers, refuse } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { getOwnEvent } from '../event-replicas/own-event.ts'
import type { AcceptedKey } from '../tickets/codes.ts'
import { CODE_FORMAT, verificationKeyOf } from '../tickets/codes.ts'
import { type StoredTicket, stopView, ticketView } from '../tickets/ticket.ts'
import type { CheckInTicket } from './check-in.ts'
import type { StoredCheckIn } from './check-in-repository.ts'

interface Deps {
  acceptedKeys: readonly AcceptedKey[]
  checkIn: CheckInTicket
  config: Pick<Config, 'publicUrl'>
  findEventReplica: FindEventReplica
}

type CheckInRoutes = Pick<typeof ticketsRoutes, 'checkIn' | 'getCheckInKey'>

/** Handlers for check-in at an event's door, by its organizer. */
export function checkInHandlers(deps: Deps): Handlers<CheckInRoutes> {
  return {
    checkIn: async ({ body, principal, resourceId, requestId }) => {
      const event = await getOwnEvent(deps.findEventReplica, body.eventId, principal.userId)
      const { code, gate = null } = body
      const result = await deps.checkIn({
        checkInId: resourceId,
        event,
        code,
        gate,
        by: principal.userId,
        requestId,
      })
      switch (result.outcome) {
        case 'admitted': {
          const ticket = ticketView(result.ticket, deps.config.publicUrl)
          return { status: 200, body: { admitted: true, ticket, ...whenAndWhere(result.checkIn) } }
        }
        case 'unknown':
          return refuse(TICKET_NOT_FOUND, { message: 'this is not a ticket for any of your events' })
        case 'refused': {
          const { error, message, checkIn, stopped } = result
          return refuse(checkInRefusals[error], {
            message,
            ...(checkIn && whenAndWhere(checkIn)),
            ...(stopped && stopOf(stopped)),
          })
        }
      }
    },
    getCheckInKey: async ({ query: { eventId }, principal }) => {
      await getOwnEvent(deps.findEventReplica, eventId, principal.userId)
      return {
        status: 200,
        body: { eventId, keys: deps.acceptedKeys.map(verificationKeyOf), format: CODE_FORMAT },
      }
    },
  }
}

const whenAndWhere = ({ checkedInAt, gate }: StoredCheckIn) => ({
  checkedInAt,
  ...(gate !== null && { gate }),
})

const stopOf = (ticket: StoredTicket) => ({
  ...stopView(ticket),
  ...(ticket.stopNote !== null && { stopNote: ticket.stopNote }),
})
