import { type EventStatus, isOver, type UserId } from '@boxoffice/contracts'
import type { EventPictureRow } from '../rows.ts'

/** What this service knows of an event. `currency` is that of its ticket types, null while it has none. */
export interface EventPicture
  extends Pick<
    EventPictureRow,
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
export type EventSnapshot = Omit<EventPicture, 'endDate' | 'version' | 'currency'> & {
  readonly endDate?: Date
}

/** Whether an event sells at all: published, and not over. */
export const isOnSale = (picture: EventPicture, at: Date): boolean =>
  picture.status === 'PUBLISHED' && !isOver(picture, at)

/** Whether somebody may see an event: drafts are there for their organizer alone. */
export const isVisibleTo = (picture: EventPicture, userId: UserId | null): boolean =>
  picture.status !== 'DRAFT' || picture.organizerId === userId
