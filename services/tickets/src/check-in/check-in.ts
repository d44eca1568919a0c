import { type CheckInRefusal, doorClosesAt, type TicketId, type UserId } from '@boxoffice/contracts'
import { type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { createGroups, type Database, type Tx } from '@boxoffice/service-kit'
import type { EventReplica } from '../event-replicas/replica.ts'
import { findReplica, findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { type AcceptedKey, type CodeContent, verifyCode } from '../tickets/codes.ts'
import { isStopped, type StoredTicket } from '../tickets/ticket.ts'
import { findTicket, listTickets } from '../tickets/ticket-repository.ts'
import { admitAll, findCheckIn, type StoredCheckIn, type ToldCheckIn } from './check-in-repository.ts'
import { tellCheckIns } from './tell-check-ins.ts'

/** A code that is shown at the door of an event. The same `checkInId` is the same request. */
export interface Shown {
  readonly checkInId: string
  readonly event: EventReplica
  readonly code: string
  readonly gate: string | null
  readonly by: UserId
  readonly requestId: string
}

/** Why the door stays closed, and of ALREADY_CHECKED_IN when and where it opened. */
export interface NotAdmitted {
  readonly error: CheckInRefusal
  readonly message: string
  readonly checkIn?: StoredCheckIn | null
  /** Of TICKET_STOPPED: since when and why. */
  readonly stopped?: StoredTicket
}

export type CheckInResult =
  | { outcome: 'admitted'; ticket: StoredTicket; checkIn: StoredCheckIn }
  | ({ outcome: 'refused' } & NotAdmitted)
  | { outcome: 'unknown' }

/** A code that we signed, and what it says. */
interface Verified extends Shown {
  readonly content: CodeContent
  readonly origin: MessageOrigin
}

/** The ticket of a code; with its admission where this was it. */
interface Decided {
  readonly ticket: StoredTicket
  readonly checkIn: StoredCheckIn | null
}

const GROUP_MAX = 100
const GROUPS_AT_ONCE_MAX = 2

/**
 * Admit whoever shows a code, once: compare-and-swap on the ticket decides, however many show it at the same
 * time. Codes that are shown together share a transaction. `unknown`: forged, garbage, an older code, or of
 * another organizer.
 */
export function createCheckIn(deps: {
  db: Database
  appendAll: AppendAll
  acceptedKeys: readonly AcceptedKey[]
  /** Codes that wait; beyond it they are refused with 503. */
  waitingMax: number
}) {
  const { db } = deps

  const decide = createGroups<Verified, Decided | null>({
    laneOf: ({ content }) => content.ticketId,
    ofLaneMax: 1,
    run: (shown) => db.transact((tx) => admitTogether(tx, shown)),
    mixesLanes: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: GROUPS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  })

  /** Null for codes of which there is no ticket, or an older one. */
  async function admitTogether(tx: Tx, shown: readonly Verified[]): Promise<(Decided | null)[]> {
    const found = await listTickets(
      tx,
      shown.map(({ content }) => content.ticketId),
    )
    const tickets = new Map(found.map((ticket) => [ticket.ticketId, ticket]))
    const meant = shown.map(({ content }) => {
      const ticket = tickets.get(content.ticketId)
      return ticket?.eventId === content.eventId && ticket.codeVersion === content.codeVersion ? ticket : null
    })
    const admissions = shown.flatMap((one, index) => {
      const ticket = meant[index]
      return ticket?.eventId === one.event.eventId ? [{ ...one, ...ticket }] : []
    })
    const checkIns = new Map<TicketId, ToldCheckIn & StoredCheckIn>()
    if (admissions.length > 0) {
      const admitted = new Map((await admitAll(tx, admissions)).map((checkIn) => [checkIn.ticketId, checkIn]))
      for (const { origin, ...admission } of admissions) {
        const checkIn = admitted.get(admission.ticketId)
        if (checkIn) checkIns.set(admission.ticketId, { ...admission, ...checkIn, origin })
      }
      await tellCheckIns(deps.appendAll, tx, [...checkIns.values()])
    }
    return meant.map((ticket) => ticket && { ticket, checkIn: checkIns.get(ticket.ticketId) ?? null })
  }

  return async (shown: Shown): Promise<CheckInResult> => {
    const content = verifyCode(shown.code, deps.acceptedKeys)
    const decided = content && (await decide({ ...shown, content, origin: currentOrigin() }))
    if (!decided) return { outcome: 'unknown' }
    const { ticket, checkIn } = decided
    if (ticket.eventId !== shown.event.eventId) {
      const other = await findReplica(db, ticket.eventId)
      if (other?.organizerId !== shown.event.organizerId) return { outcome: 'unknown' }
      return refused('WRONG_EVENT', 'this ticket is for another event')
    }
    if (checkIn)
      return { outcome: 'admitted', ticket: { ...ticket, status: 'CHECKED_IN', transferId: null }, checkIn }
    return answerClosed(shown, (await findTicket(db, ticket.ticketId)) ?? ticket)
  }

  /** The ticket admits nobody any more: what this very request did before is its answer, else why. */
  async function answerClosed(shown: Shown, ticket: StoredTicket): Promise<CheckInResult> {
    switch (ticket.status) {
      case 'CHECKED_IN': {
        const checkIn = await findCheckIn(db, ticket.ticketId)
        if (checkIn?.checkInId === shown.checkInId) return { outcome: 'admitted', ticket, checkIn }
        return { ...refused('ALREADY_CHECKED_IN', 'this ticket was used already'), checkIn }
      }
      case 'TRANSFERRED':
        return refused('TICKET_TRANSFERRED', 'this ticket was passed on: its code is no good any more')
      case 'CANCELLED':
        return refused('TICKET_CANCELLED', 'this ticket was cancelled')
      case 'ACTIVE': {
        const found = await findReplicaAsOf(db, ticket.eventId)
        if (found?.replica.status === 'CANCELLED') return refused('EVENT_CANCELLED', 'the event is cancelled')
        if (found && doorClosesAt(found.replica) <= found.asOf)
          return refused('EVENT_OVER', 'the event is over')
        if (isStopped(ticket)) return { ...refused('TICKET_STOPPED', whyStopped(ticket)), stopped: ticket }
        return { outcome: 'unknown' } // its code has become another in this very moment
      }
    }
  }
}
export type CheckInTicket = ReturnType<typeof createCheckIn>

const refused = (error: NotAdmitted['error'], message: string) => ({
  outcome: 'refused' as const,
  error,
  message,
})

/** For whoever stands at the door. */
const whyStopped = ({ stopReason, stopNote }: StoredTicket): string =>
  stopReason === 'DISPUTE_LOST'
    ? 'this ticket is stopped: the bank took the money for it back; the organizer can reinstate it'
    : `this ticket was stopped by the organizer${stopNote ? `: ${stopNote}` : ''}`
