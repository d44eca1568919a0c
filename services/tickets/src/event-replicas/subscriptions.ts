import { eventCancelled, eventCreated, eventPublished, eventUpdated } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import { saveReplica } from './replica-repository.ts'

/** Every change of an event redraws its replica; a cancelled one makes claims and issuing refuse. */
export const replicaSubscribers: readonly Subscriber[] = [
  eventCreated,
  eventUpdated,
  eventPublished,
  eventCancelled,
].map((definition) =>
  on(definition, (tx, { payload, aggregateVersion }) => saveReplica(tx, payload, aggregateVersion)),
)
