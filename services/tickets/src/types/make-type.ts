import type { NewTicketType, SeatingPlan, TicketTypeId } from '@boxoffice/contracts'
import { RefusedError, refuse, sqlOfPool, type Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { settleCurrency } from '../event-pictures/picture-repository.ts'
import { assignZones, findPlanVersion, insertPlan, listZones } from '../seating/plan-repository.ts'
import { newType } from './type.ts'
import { countTypes, findType, insertType, type StoredType } from './type-repository.ts'

type Making = Pick<Dependencies, 'config' | 'transact' | 'pool' | 'events'>

/**
 * Offer a type. One with zones needs the event's seating plan: the event service is asked for it the first time, and from then
 * on it does not change. Throws the refusals CURRENCY_MISMATCH, LIMIT_EXCEEDED, SEATING_PLAN_MISSING, ZONE_TAKEN.
 */
export async function makeType(deps: Making, ticketTypeId: TicketTypeId, body: NewTicketType): Promise<StoredType> {
  const asked = body.zoneIds ? await askForPlan(deps, body) : null
  return deps.transact(async (tx) => {
    // Locks the picture: types of an event are made one after the other.
    const currency = await settleCurrency(tx, body.eventId, body.currency)
    const standing = await findType(tx, ticketTypeId)
    if (standing) return standing
    if (currency !== body.currency) {
      throw new RefusedError(refuse(409, 'CURRENCY_MISMATCH', `this event sells in ${currency}`, { currency }))
    }
    if ((await countTypes(tx, body.eventId)) >= deps.config.typesPerEventMax) {
      throw new RefusedError(refuse(409, 'LIMIT_EXCEEDED', `an event has at most ${deps.config.typesPerEventMax} ticket types`))
    }
    if (asked) await insertPlan(tx, asked)
    const capacity = body.zoneIds ? await countSeats(tx, body, body.zoneIds) : (body.quantity ?? 0)
    const type = newType(body, { ticketTypeId, currency, capacity })
    if (!(await insertType(tx, type))) {
      throw new RefusedError(refuse(409, 'TICKET_TYPE_DELETED', 'what this request made was deleted since'))
    }
    if (body.zoneIds) await assignZones(tx, body.eventId, body.zoneIds, ticketTypeId)
    return type
  })
}

/** The plan from the event service; null when it is kept here already. */
async function askForPlan({ pool, events }: Making, { eventId }: NewTicketType): Promise<SeatingPlan | null> {
  if ((await findPlanVersion(sqlOfPool(pool), eventId)) !== null) return null
  const answer = await events.getSeatingPlanInfo({ params: { eventId } })
  if (answer.status === 200) return answer.body
  throw new RefusedError(refuse(409, 'SEATING_PLAN_MISSING', 'this event has no seating plan yet'))
}

/** How many seats these zones have; they must be of the plan and sold by nobody else. */
async function countSeats(tx: Tx, { eventId }: NewTicketType, zoneIds: readonly number[]): Promise<number> {
  const zones = new Map((await listZones(tx, eventId)).map((zone) => [zone.zoneId, zone]))
  const details = zoneIds.flatMap((zoneId, index) =>
    zones.has(zoneId) ? [] : [{ path: `body.zoneIds.${index}`, message: 'is not a zone of the seating plan' }],
  )
  if (details.length > 0) {
    throw new RefusedError(refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details }))
  }
  const taken = zoneIds.filter((zoneId) => zones.get(zoneId)?.ticketTypeId)
  if (taken.length > 0) {
    throw new RefusedError(
      refuse(409, 'ZONE_TAKEN', `another type sells ${taken.length === 1 ? 'zone' : 'the zones'} ${taken.join(', ')}`, {
        zoneIds: taken,
      }),
    )
  }
  return zoneIds.reduce((count, zoneId) => count + (zones.get(zoneId)?.seatCount ?? 0), 0)
}
