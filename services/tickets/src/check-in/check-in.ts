import { type CheckInRefusal, doorClosesAt, type TicketId, type UserId } from '@boxoffice/contracts'
import { type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { createGroups, type Database, type Tx } from '@boxoffice/service-kit'
import type { EventReplica } from '../event-replicas/replica.ts'
import { findReplica, findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { type AcceptedKey, type CodeContent, verifyCode } from '../tickets/codes.ts'
import { isStopped, type StoredTicket } from '../tickets/ticket.ts'
import { findTicket, listTickets } from '../tickets/ticket-repository.ts'
import { admitAll, findCheckIn, type PublishedCheckIn, type StoredCheckIn } from './check-in-repository.ts'
import { publishCheckIns } from './publish-check-ins.ts'

/** A code shown at the door of an event. Repetitions of a request have the same `checkInId`. */
export interface Shown {
  readonly checkInId: string
  readonly event: EventReplica
  readonly code: string
  readonly gate: string | null
  readonly by: UserId
  readonly requestId: string
}

/** Why a ticket does not admit; for ALREADY_CHECKED_IN, when and where it did. */
export interface NotAdmitted {
  readonly error: CheckInRefusal
  readonly message: string
  readonly checkIn?: StoredCheckIn | null
  /** For TICKET_STOPPED: since when and why. */
  readonly stopped?: StoredTicket
}

export type CheckInResult =
  | { outcome: 'admitted'; ticket: StoredTicket; checkIn: StoredCheckIn }
  | ({ outcome: 'refused' } & NotAdmitted)
  | { outcome: 'unknown' }

/** A code with a valid signature, and its content. */
interface Verified extends Shown {
  readonly content: CodeContent
  readonly origin: MessageOrigin
}

/** The ticket of a code, and its admission if this request admitted it. */
interface Decided {
  readonly ticket: StoredTicket
  readonly checkIn: StoredCheckIn | null
}

const GROUP_MAX = 100
const GROUPS_AT_ONCE_MAX = 2

/**
 * Checks a ticket's code and admits its holder, once: a compare-and-swap on the ticket decides, however many
 * show it at the same time. Codes shown together share a transaction. `unknown`: the code is forged,
 * malformed, outdated, or of another organizer's event.
 */
export function createCheckIn(deps: {
  db: Database
  appendAll: AppendAll
  acceptedKeys: readonly AcceptedKey[]
  /** Longest queue of codes; beyond it they are refused with 503. */
  waitingMax: number
}) {
  const { db } = deps

  const decide = createGroups<Verified, Decided | null>({
    keyOf: ({ content }) => content.ticketId,
    perKeyMax: 1,
    run: (shown) => db.transact((tx) => admitTogether(deps.appendAll, tx, shown)),
    mixesKeys: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: GROUPS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  })

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
    return answerClosed(db, shown, (await findTicket(db, ticket.ticketId)) ?? ticket)
  }
}
export type CheckInTicket = ReturnType<typeof createCheckIn>

/** Admits codes in one transaction; null for a code that no ticket has, or has any more. */
async function admitTogether(
  appendAll: AppendAll,
  tx: Tx,
  shown: readonly Verified[],
): Promise<(Decided | null)[]> {
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
  const checkIns = new Map<TicketId, PublishedCheckIn & StoredCheckIn>()
  if (admissions.length > 0) {
    const admitted = new Map((await admitAll(tx, admissions)).map((checkIn) => [checkIn.ticketId, checkIn]))
    for (const { origin, ...admission } of admissions) {
      const checkIn = admitted.get(admission.ticketId)
      if (checkIn) checkIns.set(admission.ticketId, { ...admission, ...checkIn, origin })
    }
    await publishCheckIns(appendAll, tx, [...checkIns.values()])
  }
  return meant.map((ticket) => ticket && { ticket, checkIn: checkIns.get(ticket.ticketId) ?? null })
}

/** Returns why a ticket does not admit; a repeated check-in is answered as before. */
async function answerClosed(db: Database, shown: Shown, ticket: StoredTicket): Promise<CheckInResult> {
  switch (ticket.status) {
    case 'CHECKED_IN': {
      const checkIn = await findCheckIn(db, ticket.ticketId)
      if (checkIn?.checkInId === shown.checkInId) return { outcome: 'admitted', ticket, checkIn }
      return { ...refused('ALREADY_CHECKED_IN', 'this ticket was already used'), checkIn }
    }
    case 'TRANSFERRED':
      return refused('TICKET_TRANSFERRED', 'this ticket was transferred: its code is no longer valid')
    case 'CANCELLED':
      return refused('TICKET_CANCELLED', 'this ticket was cancelled')
    case 'ACTIVE': {
      const found = await findReplicaAsOf(db, ticket.eventId)
      if (found?.replica.status === 'CANCELLED') return refused('EVENT_CANCELLED', 'the event is cancelled')
      if (found && doorClosesAt(found.replica) <= found.asOf)
        return refused('EVENT_OVER', 'the event is over')
      if (isStopped(ticket)) return { ...refused('TICKET_STOPPED', whyStopped(ticket)), stopped: ticket }
      return { outcome: 'unknown' } // its code changed at this moment
    }
  }
}

const refused = (error: NotAdmitted['error'], message: string) => ({
  outcome: 'refused' as const,
  error,
  message,
})

/** Returns the explanation for the staff at the door. */
const whyStopped = ({ stopReason, stopNote }: StoredTicket): string =>
  stopReason === 'DISPUTE_LOST'
    ? 'this ticket is stopped: its payment was charged back; the organizer can reinstate it'
    : `this ticket was stopped by the organizer${stopNote ? `: ${stopNote}` : ''}`
