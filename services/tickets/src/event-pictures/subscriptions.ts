import { eventCancelled, eventCreated, eventPublished, eventUpdated } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import { savePicture } from './picture-repository.ts'

/** Every change of an event redraws its picture; a cancelled one makes claims and issuing refuse. */
export const pictureSubscribers: readonly Subscriber[] = [
  eventCreated,
  eventUpdated,
  eventPublished,
  eventCancelled,
].map((definition) =>
  on(definition, (tx, { payload, aggregateVersion }) => savePicture(tx, payload, aggregateVersion)),
)
