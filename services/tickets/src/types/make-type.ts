import {
  CURRENCY_MISMATCH,
  type Currency,
  type NewTicketType,
  SEATING_PLAN_MISSING,
  TICKET_TYPE_DELETED,
  type TicketTypeId,
  TOO_MANY_TYPES,
  VALIDATION_FAILED,
  ZONE_TAKEN,
} from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import { RefusedError, refuse, type Sql, type SqlDatabase, type Tx } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { EventsClient } from '../event-replicas/event-replicas.ts'
import { assignCurrency, findReplica } from '../event-replicas/replica-repository.ts'
import { assignZones, findPlanVersion, insertPlan, listZones } from '../plans/plan-repository.ts'
import { publishTypes } from './publish-types.ts'
import { newType } from './type.ts'
import { countTypes, findType, insertType, type StoredType } from './type-repository.ts'

export interface Making {
  config: Pick<Config, 'typesPerEventMax'>
  db: SqlDatabase
  events: EventsClient
  messaging: Pick<Messaging, 'appendAll'>
}

/**
 * Creates a ticket type. One with zones needs the event's seating plan, which is fetched from the event
 * service the first time and does not change afterwards. Throws the refusals CURRENCY_MISMATCH,
 * LIMIT_EXCEEDED, SEATING_PLAN_MISSING, ZONE_TAKEN.
 */
export async function makeType(
  deps: Making,
  ticketTypeId: TicketTypeId,
  body: NewTicketType,
): Promise<StoredType> {
  const asked = body.zoneIds ? await askForPlan(deps, ticketTypeId, body, body.zoneIds) : null
  return deps.db.transact(async (tx) => {
    // Locks the replica, so that types of an event are created one after the other.
    const currency = await assignCurrency(tx, body.eventId, body.currency)
    const existing = await findType(tx, ticketTypeId)
    if (existing) return existing
    await refuseMismatch(deps, tx, body, currency)
    if (asked) await insertPlan(tx, body.eventId, asked)
    const capacity = body.zoneIds ? await countSeats(tx, body, body.zoneIds) : (body.quantity ?? 0)
    const type = newType(body, { ticketTypeId, currency, capacity })
    if (!(await insertType(tx, type))) {
      throw new RefusedError(refuse(TICKET_TYPE_DELETED))
    }
    if (body.zoneIds) await assignZones(tx, body.eventId, body.zoneIds, ticketTypeId)
    await publishTypes(deps.messaging.appendAll, tx, [{ ...type, withdrawn: false }])
    return type
  })
}

/** Throws if the event sells in another currency or has the most types that it may have. */
async function refuseMismatch(
  { config }: Making,
  sql: Sql,
  { eventId, currency }: NewTicketType,
  current: Currency | null,
) {
  if (current !== null && current !== currency) {
    throw new RefusedError(
      refuse(CURRENCY_MISMATCH, { message: `this event sells in ${current}`, currency: current }),
    )
  }
  if ((await countTypes(sql, eventId)) >= config.typesPerEventMax) {
    throw new RefusedError(
      refuse(TOO_MANY_TYPES, { message: `an event has at most ${config.typesPerEventMax} ticket types` }),
    )
  }
}

/**
 * Fetches the plan from the event service as JSON; null when it is stored already. Fetching freezes the plan,
 * so a request that would be refused later is refused first.
 */
async function askForPlan(
  deps: Making,
  ticketTypeId: TicketTypeId,
  body: NewTicketType,
  zoneIds: readonly number[],
): Promise<string | null> {
  const { eventId } = body
  const sql = deps.db
  if ((await findPlanVersion(sql, eventId)) !== null) return null
  if (!(await findType(sql, ticketTypeId))) {
    const replica = await findReplica(sql, eventId)
    await refuseMismatch(deps, sql, body, replica?.currency ?? null)
  }
  const answer = await deps.events.getSeatingPlanInfo({
    params: { eventId },
    query: { zoneIds: [...zoneIds] },
  })
  if (answer.status === 200) return answer.body
  if (answer.status === 409 && answer.body.zoneIds) {
    const unknown = new Set(answer.body.zoneIds)
    throw new RefusedError(notInPlan(zoneIds, (zoneId) => unknown.has(zoneId)))
  }
  throw new RefusedError(refuse(SEATING_PLAN_MISSING))
}

function notInPlan(zoneIds: readonly number[], isUnknown: (zoneId: number) => boolean) {
  const details = zoneIds.flatMap((zoneId, index) =>
    isUnknown(zoneId)
      ? [{ path: `body.zoneIds.${index}`, message: 'is not a zone of the seating plan' }]
      : [],
  )
  return refuse(VALIDATION_FAILED, { details })
}

/** Counts the seats of these zones, which must be in the plan and not sold by another type. */
async function countSeats(tx: Tx, { eventId }: NewTicketType, zoneIds: readonly number[]): Promise<number> {
  const zones = new Map((await listZones(tx, eventId)).map((zone) => [zone.zoneId, zone]))
  if (zoneIds.some((zoneId) => !zones.has(zoneId))) {
    throw new RefusedError(notInPlan(zoneIds, (zoneId) => !zones.has(zoneId)))
  }
  const taken = zoneIds.filter((zoneId) => zones.get(zoneId)?.ticketTypeId)
  if (taken.length > 0) {
    throw new RefusedError(
      refuse(ZONE_TAKEN, {
        message: `another type sells ${taken.length === 1 ? 'zone' : 'the zones'} ${taken.join(', ')}`,
        zoneIds: taken,
      }),
    )
  }
  return zoneIds.reduce((count, zoneId) => count + (zones.get(zoneId)?.seatCount ?? 0), 0)
}
