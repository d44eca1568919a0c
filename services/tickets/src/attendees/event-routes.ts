import { type ticketsOfEventRoutes, VALIDATION_FAILED } from '@boxoffice/contracts'
import { type Handlers, refuse, type SqlDatabase } from '@boxoffice/service-kit'
import { saveReplica } from '../event-replicas/replica-repository.ts'
import { countTickets } from './attendee-repository.ts'

interface Deps {
  db: SqlDatabase
}

/** Handlers for the event service: apply its changes at once, and count the tickets that a change affects. */
export function eventReplicaHandlers({ db }: Deps): Handlers<typeof ticketsOfEventRoutes> {
  const sql = db
  return {
    putEventReplica: async ({ params, body }) => {
      if (body.eventId !== params.eventId)
        return refuse(VALIDATION_FAILED, { message: 'path and body name different events' })
      await saveReplica(sql, body, body.version)
      return { status: 204, body: undefined }
    },
    countTickets: async ({ params: { eventId } }) => {
      return { status: 200, body: { eventId, ticketCount: await countTickets(sql, eventId) } }
    },
  }
}
