import { type EventStatus, isOver, type UserId } from '@boxoffice/contracts'
import type { EventReplicaRow } from '../rows.ts'

/** What this service knows of an event. `currency` is that of its ticket types, null while it has none. */
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

/** An event as messages and the event service tell of it. */
export type EventSnapshot = Omit<EventReplica, 'endDate' | 'version' | 'currency'> & {
  readonly endDate?: Date
}

/** Whether an event sells at all: published, and not over. */
export const isOnSale = (replica: EventReplica, at: Date): boolean =>
  replica.status === 'PUBLISHED' && !isOver(replica, at)

/** Whether somebody may see an event: drafts are there for their organizer alone. */
export const isVisibleTo = (replica: EventReplica, userId: UserId | null): boolean =>
  replica.status !== 'DRAFT' || replica.organizerId === userId
