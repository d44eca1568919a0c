import type { NewTicketType, TicketType, TicketTypeId, ticketsRoutes, UserId } from '@boxoffice/contracts'
import { type Handlers, RefusedError, refuse, sqlOfPool } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { type EventPicture, isVisibleTo } from '../event-pictures/picture.ts'
import { settleCurrency } from '../event-pictures/picture-repository.ts'
import { countTypes, findType, insertType, listTypes, type StoredType } from './type-repository.ts'

type TypeRoutes = Pick<typeof ticketsRoutes, 'createTicketType' | 'listTicketTypes'>
const MAX_PER_ORDER = 10

export function typeHandlers(deps: Dependencies): Handlers<TypeRoutes> {
  return {
    createTicketType: async ({ body, principal, resourceId }) => {
      const picture = await deps.findEventPicture(body.eventId)
      const refusal = refusalOf(body, picture, principal.userId, deps.config.priceMinMinor)
      if (refusal) throw new RefusedError(refusal)
      const type = await createType(deps, resourceId as TicketTypeId, body)
      return { status: 201, body: typeView(type, picture as EventPicture) }
    },
    listTicketTypes: async ({ query, principal }) => {
      const picture = await deps.findEventPicture(query.eventId)
      if (!picture || !isVisibleTo(picture, principal?.userId ?? null)) return unknownEvent()
      const types = await listTypes(sqlOfPool(deps.pool), query.eventId)
      return { status: 200, body: { ticketTypes: types.map((type) => typeView(type, picture)) } }
    },
  }
}

function refusalOf(body: NewTicketType, picture: EventPicture | null, userId: UserId, priceMin: number) {
  if (!picture || !isVisibleTo(picture, userId)) return unknownEvent()
  if (picture.organizerId !== userId) return refuse(403, 'FORBIDDEN', "this is another organizer's event")
  if (picture.status === 'CANCELLED' || picture.status === 'COMPLETED') {
    return refuse(409, 'EVENT_NOT_ON_SALE', `the event is ${picture.status.toLowerCase()}`)
  }
  if (body.unitPrice > 0 && body.unitPrice < priceMin) {
    return invalid('body.unitPrice', `must be 0 or at least ${(priceMin / 100).toFixed(2)}, the least that can be charged`)
  }
  if (body.salesStartAt && !body.salesEndAt && body.salesStartAt >= picture.eventDate) {
    return invalid('body.salesStartAt', "must be before the event's start, when sales end")
  }
  return null
}

async function createType(deps: Dependencies, ticketTypeId: TicketTypeId, body: NewTicketType): Promise<StoredType> {
  return deps.transact(async (tx) => {
    const currency = await settleCurrency(tx, body.eventId, body.currency)
    const standing = await findType(tx, ticketTypeId)
    if (standing) return standing
    if (currency !== body.currency) {
      throw new RefusedError(refuse(409, 'CURRENCY_MISMATCH', `this event sells in ${currency}`, { currency }))
    }
    if ((await countTypes(tx, body.eventId)) >= deps.config.typesPerEventMax) {
      throw new RefusedError(refuse(409, 'LIMIT_EXCEEDED', `an event has at most ${deps.config.typesPerEventMax} ticket types`))
    }
    const type = {
      ticketTypeId,
      eventId: body.eventId,
      name: body.name,
      unitPrice: body.unitPrice,
      currency,
      salesStartAt: body.salesStartAt ?? null,
      salesEndAt: body.salesEndAt ?? null,
      maxPerOrder: body.maxPerOrder ?? MAX_PER_ORDER,
      maxPerUser: body.maxPerUser ?? null,
      capacity: body.quantity,
    }
    await insertType(tx, type)
    return { ...type, held: 0, sold: 0 }
  })
}

function typeView(type: StoredType, picture: EventPicture): TicketType {
  const { salesStartAt, salesEndAt, maxPerUser, capacity, held, sold, ...rest } = type
  return {
    ...rest,
    kind: 'GENERAL',
    quantityTotal: capacity,
    quantityAvailable: capacity - held - sold,
    salesStartAt: salesStartAt ?? undefined,
    salesEndAt: salesEndAt ?? picture.eventDate,
    maxPerUser: maxPerUser ?? undefined,
  }
}

const unknownEvent = () => refuse(404, 'EVENT_NOT_FOUND', 'there is no such event')
const invalid = (path: string, message: string) =>
  refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details: [{ path, message }] })
