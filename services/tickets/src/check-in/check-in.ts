import { doorClosesAt, type UserId } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Transact, Tx } from '@boxoffice/service-kit'
import type { EventPicture } from '../event-pictures/picture.ts'
import { findPicture, findPictureAsOf } from '../event-pictures/picture-repository.ts'
import { type AcceptedKey, verifyCode } from '../tickets/codes.ts'
import type { StoredTicket } from '../tickets/ticket.ts'
import { findTicket } from '../tickets/ticket-repository.ts'
import { admit, findCheckIn, type StoredCheckIn } from './check-in-repository.ts'
import { tellCheckIns } from './tell-check-ins.ts'

/** A code that is shown at the door of an event. The same `checkInId` is the same request. */
export interface Shown {
  readonly checkInId: string
  readonly event: EventPicture
  readonly code: string
  readonly gate: string | null
  readonly by: UserId
  readonly requestId: string
}

/** Why the door stays closed, and of ALREADY_CHECKED_IN when and where it opened. */
export interface NotAdmitted {
  readonly error:
    | 'ALREADY_CHECKED_IN'
    | 'TICKET_CANCELLED'
    | 'TICKET_TRANSFERRED'
    | 'WRONG_EVENT'
    | 'EVENT_CANCELLED'
    | 'EVENT_OVER'
  readonly message: string
  readonly checkIn?: StoredCheckIn | null
}

export type CheckInResult =
  | { outcome: 'admitted'; ticket: StoredTicket; checkIn: StoredCheckIn }
  | ({ outcome: 'refused' } & NotAdmitted)
  | { outcome: 'unknown' }

/**
 * Admit whoever shows a code, once: compare-and-swap on the ticket decides, however many show it at the same time. `unknown`:
 * forged, garbage, an older code, or of another organizer.
 */
export function createCheckIn(deps: { transact: Transact; sql: Tx; appendAll: AppendAll; acceptedKeys: readonly AcceptedKey[] }) {
  const { transact, sql } = deps

  return async (shown: Shown): Promise<CheckInResult> => {
    const content = verifyCode(shown.code, deps.acceptedKeys)
    const ticket = content && (await findTicket(sql, content.ticketId))
    if (!ticket || ticket.eventId !== content.eventId || ticket.codeVersion !== content.codeVersion) return { outcome: 'unknown' }
    const { eventId } = shown.event
    if (ticket.eventId !== eventId) {
      const other = await findPicture(sql, ticket.eventId)
      if (other?.organizerId !== shown.event.organizerId) return { outcome: 'unknown' }
      return refused('WRONG_EVENT', 'this ticket is for another event')
    }
    const { ticketId } = ticket
    const checkIn = await transact((tx) => admitAndTell(tx, shown, ticket))
    if (checkIn) return { outcome: 'admitted', ticket: { ...ticket, status: 'CHECKED_IN', transferId: null }, checkIn }
    return answerClosed(shown, (await findTicket(sql, ticketId)) ?? ticket)
  }

  async function admitAndTell(tx: Tx, shown: Shown, ticket: StoredTicket): Promise<StoredCheckIn | null> {
    const checkIn = await admit(tx, { ...shown, ...ticket })
    if (checkIn) await tellCheckIns(deps.appendAll, tx, [{ ...ticket, ...checkIn }])
    return checkIn
  }

  /** The ticket admits nobody any more: what this very request did before is its answer, else why. */
  async function answerClosed(shown: Shown, ticket: StoredTicket): Promise<CheckInResult> {
    switch (ticket.status) {
      case 'CHECKED_IN': {
        const checkIn = await findCheckIn(sql, ticket.ticketId)
        if (checkIn?.checkInId === shown.checkInId) return { outcome: 'admitted', ticket, checkIn }
        return { ...refused('ALREADY_CHECKED_IN', 'this ticket was used already'), checkIn }
      }
      case 'TRANSFERRED':
        return refused('TICKET_TRANSFERRED', 'this ticket was passed on: its code is no good any more')
      case 'CANCELLED':
        return refused('TICKET_CANCELLED', 'this ticket was cancelled')
      case 'ACTIVE': {
        const found = await findPictureAsOf(sql, ticket.eventId)
        if (found?.picture.status === 'CANCELLED') return refused('EVENT_CANCELLED', 'the event is cancelled')
        if (found && doorClosesAt(found.picture) <= found.asOf) return refused('EVENT_OVER', 'the event is over')
        return { outcome: 'unknown' } // its code has become another in this very moment
      }
    }
  }
}
export type CheckInTicket = ReturnType<typeof createCheckIn>

const refused = (error: NotAdmitted['error'], message: string) => ({ outcome: 'refused' as const, error, message })
