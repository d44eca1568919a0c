import {
  type Currency,
  type EventId,
  type EventStatus,
  isOver,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'

/** What this service knows of an event. `currency` is that of its ticket types, null while it has none. */
export interface EventPicture {
  readonly eventId: EventId
  readonly organizerId: UserId
  readonly name: string
  readonly eventDate: Date
  readonly endDate: Date | null
  readonly timeZone: string
  readonly venueId: VenueId
  readonly venueName: string
  readonly venueAddress: string
  readonly status: EventStatus
  readonly version: number
  readonly currency: Currency | null
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
