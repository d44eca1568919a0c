import { eventCancelled, eventCreated, eventPublished, eventUpdated } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import { saveReplica } from './replica-repository.ts'

/** Updates an event's replica at every change; once it is cancelled, claims and issuing are refused. */
export const replicaSubscribers: readonly Subscriber[] = [
  eventCreated,
  eventUpdated,
  eventPublished,
  eventCancelled,
].map((definition) =>
  on(definition, (tx, { payload, aggregateVersion }) => saveReplica(tx, payload, aggregateVersion)),
)
