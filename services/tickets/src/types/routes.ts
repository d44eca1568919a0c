import {
  BELOW_SOLD,
  EVENT_NOT_EDITABLE,
  EVENT_NOT_ON_SALE,
  TICKET_TYPE_NOT_FOUND,
  type TicketTypeId,
  type ticketsRoutes,
  type UserId,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import { type Handlers, RefusedError, refuse, refuseUnknown, type Tx } from '@boxoffice/service-kit'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { getOwnEvent, notTheirs, unknownEvent } from '../event-replicas/own-event.ts'
import { type EventReplica, isVisibleTo } from '../event-replicas/replica.ts'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { Changing } from './change-type.ts'
import { type ChangeResult, changeType, deleteType } from './change-type.ts'
import type { Making } from './make-type.ts'
import { makeType } from './make-type.ts'
import { typeView, wrongWith } from './type.ts'
import { findType, listTypes } from './type-repository.ts'

type Deps = Making &
  Changing & {
    findEventReplica: FindEventReplica
    availabilityCache: AvailabilityCache
  }

type TypeRoutes = Pick<
  typeof ticketsRoutes,
  'createTicketType' | 'listTicketTypes' | 'updateTicketType' | 'deleteTicketType'
>

export function typeHandlers(deps: Deps): Handlers<TypeRoutes> {
  const sql = deps.db

  /** Changes a type of the caller's own event and rebuilds its availability cache. */
  async function change(
    ticketTypeId: TicketTypeId,
    userId: UserId,
    work: (tx: Tx, replica: EventReplica) => Promise<ChangeResult>,
  ) {
    const existing = await findType(sql, ticketTypeId)
    const replica = existing && (await deps.findEventReplica(existing.eventId))
    if (!replica || !isVisibleTo(replica, userId)) throw new RefusedError(unknownType(ticketTypeId))
    if (replica.organizerId !== userId) throw new RefusedError(notTheirs())
    if (replica.status === 'CANCELLED' || replica.status === 'COMPLETED') {
      throw new RefusedError(
        refuse(EVENT_NOT_EDITABLE, { message: `the event is ${replica.status.toLowerCase()}` }),
      )
    }
    const result = await deps.db.transact((tx) => work(tx, replica))
    switch (result.outcome) {
      case 'gone':
        throw new RefusedError(unknownType(ticketTypeId))
      case 'invalid':
        throw new RefusedError(invalid(result))
      case 'below-sold': {
        const { sold, held } = result
        throw new RefusedError(
          refuse(BELOW_SOLD, { message: `${sold} are sold and ${held} are held`, sold, held }),
        )
      }
      case 'changed':
        await deps.availabilityCache.release(result.released)
        await deps.availabilityCache.rebuild(replica.eventId)
        return { type: result.type, replica }
    }
  }

  return {
    createTicketType: async ({ body, principal, resourceId }) => {
      const replica = await getOwnEvent(deps.findEventReplica, body.eventId, principal.userId)
      if (replica.status === 'CANCELLED' || replica.status === 'COMPLETED') {
        return refuse(EVENT_NOT_ON_SALE, { message: `the event is ${replica.status.toLowerCase()}` })
      }
      const { unitPrice, currency, salesStartAt = null, salesEndAt = null } = body
      const wrong = wrongWith({ unitPrice, currency, salesStartAt, salesEndAt }, replica)
      if (wrong) return invalid(wrong)
      const type = await makeType(deps, resourceId as TicketTypeId, body)
      await deps.availabilityCache.rebuild(body.eventId)
      return { status: 201, body: typeView(type, replica) }
    },
    listTicketTypes: async ({ query, principal }) => {
      const replica = await deps.findEventReplica(query.eventId)
      if (!replica || !isVisibleTo(replica, principal?.userId ?? null)) return unknownEvent(query.eventId)
      const types = await listTypes(sql, query.eventId)
      return { status: 200, body: { ticketTypes: types.map((type) => typeView(type, replica)) } }
    },
    updateTicketType: async ({ params: { ticketTypeId }, body, principal }) => {
      const { type, replica } = await change(ticketTypeId, principal.userId, (tx, replica) =>
        changeType(deps, tx, replica, ticketTypeId, body),
      )
      return { status: 200, body: typeView(type, replica) }
    },
    deleteTicketType: async ({ params: { ticketTypeId }, principal }) => {
      await change(ticketTypeId, principal.userId, (tx, replica) =>
        deleteType(deps, tx, replica, ticketTypeId),
      )
      return { status: 204, body: undefined }
    },
  }
}

const unknownType = (ticketTypeId: TicketTypeId) => refuseUnknown(TICKET_TYPE_NOT_FOUND, ticketTypeId)
const invalid = ({ path, message }: { path: string; message: string }) =>
  refuse(VALIDATION_FAILED, { details: [{ path, message }] })
