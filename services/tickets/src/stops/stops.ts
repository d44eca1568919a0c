import {
  type TicketId,
  type TicketStatus,
  ticketsReinstated,
  ticketsStopped,
  type UserId,
} from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import { findReplica } from '../event-replicas/replica-repository.ts'
import { lockOrder } from '../reservations/lock-repository.ts'
import { findOutcome } from '../reservations/outcome-repository.ts'
import type { StoredTicket } from '../tickets/ticket.ts'
import { findTicket } from '../tickets/ticket-repository.ts'
import { type DisputeOfOrder, findPolicy, hasLostDispute, saveDispute } from './dispute-repository.ts'
import { listTicketIdsOfOrder, reinstateTickets, restop, stopTickets } from './stop-repository.ts'

export type StopResult<Status extends TicketStatus = Exclude<TicketStatus, 'ACTIVE'>> =
  | { outcome: 'done'; ticket: StoredTicket }
  /** The ticket was used already or is not valid any more. */
  | { outcome: 'refused'; status: Status }

/**
 * Stops tickets from admitting: their organizer stops them, or a dispute is lost. Their holders are notified,
 * with one message per holder and order. Only the organizer ends an organizer's stop; a dispute's stop also
 * ends when the dispute is won later.
 */
export function createStops({ appendAll, now }: { appendAll: AppendAll; now: () => Date }) {
  /** Stops a ticket for its organizer, even if a dispute has stopped it. */
  async function stop(tx: Tx, { orderId, ticketId }: StoredTicket, note: string | null): Promise<StopResult> {
    await lockOrder(tx, orderId)
    const request = { reason: 'ORGANIZER', note } as const
    const stopped = await stopTickets(tx, [ticketId], request)
    await publishStopped(tx, stopped)
    const ticket = stopped[0] ?? (await restop(tx, ticketId, request))
    return ticket ? { outcome: 'done', ticket } : refusalOf(await getTicket(tx, ticketId))
  }

  /** Reinstates a ticket; one that is not stopped stays as it is. */
  async function reinstate(
    tx: Tx,
    { orderId, ticketId }: StoredTicket,
  ): Promise<StopResult<'CANCELLED' | 'TRANSFERRED'>> {
    await lockOrder(tx, orderId)
    const reinstated = await reinstateTickets(tx, [ticketId])
    await publishReinstated(tx, reinstated)
    const ticket = reinstated[0] ?? (await getTicket(tx, ticketId))
    const { status } = ticket
    return status === 'CANCELLED' || status === 'TRANSFERRED'
      ? { outcome: 'refused', status }
      : { outcome: 'done', ticket }
  }

  /**
   * Applies the end of a dispute of an order. Lost: stops its unused tickets, whoever holds them, if the
   * organizer wants that. Otherwise: reinstates those that were stopped for a lost dispute, unless another is
   * lost. Throws if the order's tickets are not issued yet.
   */
  async function applyDispute(tx: Tx, dispute: DisputeOfOrder): Promise<void> {
    const { orderId } = dispute
    await lockOrder(tx, orderId)
    if (!(await findOutcome(tx, orderId)))
      throw new Error(`a dispute of order ${orderId} arrived before its tickets`)
    if (!(await saveDispute(tx, dispute))) return
    const ticketIds = await listTicketIdsOfOrder(tx, orderId)
    const [ticketId] = ticketIds
    if (!ticketId) return
    if (dispute.outcome === 'LOST') {
      const { stopTickets: isWanted } = await findPolicy(tx, await getOrganizer(tx, ticketId))
      if (isWanted)
        await publishStopped(tx, await stopTickets(tx, ticketIds, { reason: 'DISPUTE_LOST', note: null }))
    } else if (!(await hasLostDispute(tx, orderId))) {
      await publishReinstated(tx, await reinstateTickets(tx, ticketIds, 'DISPUTE_LOST'))
    }
  }

  const publishStopped = (tx: Tx, tickets: readonly StoredTicket[]) =>
    appendAll(
      tx,
      ticketsStopped,
      byHolder(tickets).map(({ about, first: { stoppedAt, stopReason }, aggregateVersion }) => {
        if (!stoppedAt || !stopReason) throw new Error('a ticket that was stopped is not')
        return { payload: { ...about, reason: stopReason, stoppedAt }, aggregateVersion }
      }),
    )

  async function publishReinstated(tx: Tx, tickets: readonly StoredTicket[]): Promise<void> {
    const reinstatedAt = now()
    const messages = byHolder(tickets).map(({ about, aggregateVersion }) => ({
      payload: { ...about, reinstatedAt },
      aggregateVersion,
    }))
    await appendAll(tx, ticketsReinstated, messages)
  }

  return { stop, reinstate, applyDispute }
}
export type Stops = ReturnType<typeof createStops>

const refusalOf = ({ ticketId, status }: StoredTicket): StopResult => {
  if (status === 'ACTIVE') throw new Error(`ticket ${ticketId} is ACTIVE but was not stopped`)
  return { outcome: 'refused', status }
}

async function getTicket(tx: Tx, ticketId: TicketId): Promise<StoredTicket> {
  const ticket = await findTicket(tx, ticketId)
  if (!ticket) throw new Error(`ticket ${ticketId} does not exist`)
  return ticket
}

async function getOrganizer(tx: Tx, ticketId: TicketId): Promise<UserId> {
  const { eventId } = await getTicket(tx, ticketId)
  const replica = await findReplica(tx, eventId)
  if (!replica) throw new Error(`event ${eventId} has tickets and no replica`)
  return replica.organizerId
}

/** Groups tickets of one order by holder, for one message each. */
function byHolder(tickets: readonly StoredTicket[]) {
  return [...Map.groupBy(tickets, ({ userId }) => userId).values()].map((theirs) => {
    const [first] = theirs as [StoredTicket, ...StoredTicket[]]
    const { orderId, userId, eventId } = first
    const ticketIds = theirs.map(({ ticketId }) => ticketId)
    return {
      about: { orderId, userId, eventId, ticketIds },
      first,
      aggregateVersion: Math.max(...theirs.map(({ version }) => version)),
    }
  })
}
