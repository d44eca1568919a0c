import { type EventStatus, isOver, type UserId } from '@boxoffice/contracts'
import type { EventReplicaRow } from '../rows.ts'

/** A replica of an event. `currency` is that of its ticket types, null while it has none. */
export interface EventReplica
  extends Pick<
    EventReplicaRow,
    | 'eventId'
    | 'organizerId'
    | 'name'
    | 'eventDate'
    | 'endDate'
    | 'timeZone'
    | 'venueId'
    | 'venueName'
    | 'venueAddress'
    | 'version'
    | 'currency'
  > {
  readonly status: EventStatus
}

/** An event as described by messages and the event service. */
export type EventSnapshot = Omit<EventReplica, 'endDate' | 'version' | 'currency'> & {
  readonly endDate?: Date
}

/** Returns whether an event is on sale: published, and not over. */
export const isOnSale = (replica: EventReplica, at: Date): boolean =>
  replica.status === 'PUBLISHED' && !isOver(replica, at)

/** Returns whether a user may see an event: drafts are visible to their organizer only. */
export const isVisibleTo = (replica: EventReplica, userId: UserId | null): boolean =>
  replica.status !== 'DRAFT' || replica.organizerId === userId
