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
import type { FindEventPicture } from '../event-pictures/event-pictures.ts'
import { getOwnEvent, notTheirs, unknownEvent } from '../event-pictures/own-event.ts'
import { type EventPicture, isVisibleTo } from '../event-pictures/picture.ts'
import type { RedisPicture } from '../holds/redis-picture.ts'
import type { Changing } from './change-type.ts'
import { type ChangeResult, changeType, deleteType } from './change-type.ts'
import type { Making } from './make-type.ts'
import { makeType } from './make-type.ts'
import { typeView, wrongWith } from './type.ts'
import { findType, listTypes } from './type-repository.ts'

type Deps = Making &
  Changing & {
    findEventPicture: FindEventPicture
    redisPicture: RedisPicture
  }

type TypeRoutes = Pick<
  typeof ticketsRoutes,
  'createTicketType' | 'listTicketTypes' | 'updateTicketType' | 'deleteTicketType'
>

export function typeHandlers(deps: Deps): Handlers<TypeRoutes> {
  const sql = deps.db

  /** Change a type of one's own event, and show it in Redis at once. */
  async function change(
    ticketTypeId: TicketTypeId,
    userId: UserId,
    work: (tx: Tx, picture: EventPicture) => Promise<ChangeResult>,
  ) {
    const standing = await findType(sql, ticketTypeId)
    const picture = standing && (await deps.findEventPicture(standing.eventId))
    if (!picture || !isVisibleTo(picture, userId)) throw new RefusedError(unknownType(ticketTypeId))
    if (picture.organizerId !== userId) throw new RefusedError(notTheirs())
    if (picture.status === 'CANCELLED' || picture.status === 'COMPLETED') {
      throw new RefusedError(
        refuse(EVENT_NOT_EDITABLE, { message: `the event is ${picture.status.toLowerCase()}` }),
      )
    }
    const result = await deps.db.transact((tx) => work(tx, picture))
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
        await deps.redisPicture.release(result.released)
        await deps.redisPicture.redraw(picture.eventId)
        return { type: result.type, picture }
    }
  }

  return {
    createTicketType: async ({ body, principal, resourceId }) => {
      const picture = await getOwnEvent(deps.findEventPicture, body.eventId, principal.userId)
      if (picture.status === 'CANCELLED' || picture.status === 'COMPLETED') {
        return refuse(EVENT_NOT_ON_SALE, { message: `the event is ${picture.status.toLowerCase()}` })
      }
      const { unitPrice, currency, salesStartAt = null, salesEndAt = null } = body
      const wrong = wrongWith({ unitPrice, currency, salesStartAt, salesEndAt }, picture)
      if (wrong) return invalid(wrong)
      const type = await makeType(deps, resourceId as TicketTypeId, body)
      await deps.redisPicture.redraw(body.eventId)
      return { status: 201, body: typeView(type, picture) }
    },
    listTicketTypes: async ({ query, principal }) => {
      const picture = await deps.findEventPicture(query.eventId)
      if (!picture || !isVisibleTo(picture, principal?.userId ?? null)) return unknownEvent(query.eventId)
      const types = await listTypes(sql, query.eventId)
      return { status: 200, body: { ticketTypes: types.map((type) => typeView(type, picture)) } }
    },
    updateTicketType: async ({ params: { ticketTypeId }, body, principal }) => {
      const { type, picture } = await change(ticketTypeId, principal.userId, (tx, picture) =>
        changeType(deps, tx, picture, ticketTypeId, body),
      )
      return { status: 200, body: typeView(type, picture) }
    },
    deleteTicketType: async ({ params: { ticketTypeId }, principal }) => {
      await change(ticketTypeId, principal.userId, (tx, picture) =>
        deleteType(deps, tx, picture, ticketTypeId),
      )
      return { status: 204, body: undefined }
    },
  }
}

const unknownType = (ticketTypeId: TicketTypeId) => refuseUnknown(TICKET_TYPE_NOT_FOUND, ticketTypeId)
const invalid = ({ path, message }: { path: string; message: string }) =>
  refuse(VALIDATION_FAILED, { details: [{ path, message }] })
