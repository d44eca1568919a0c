import { type EventInfo, eventUpdated } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import type { EventCache } from '../cache/event-cache.ts'
import type { Database } from '../database.ts'
import { snapshotOf } from './event.ts'
import { completeOver } from './event-repository.ts'

interface Deps {
  cache: EventCache
  db: Database
  messaging: Pick<Messaging, 'append'>
  now: () => Date
}

const BATCH = 100

/** Completes events that are over, with their messages in the same commit. Returns whether there are more. */
export async function completeEvents(deps: Deps): Promise<{ more: boolean }> {
  const completed = await deps.db.transact(async (tx): Promise<EventInfo[]> => {
    const events = await completeOver(tx, { now: deps.now(), limit: BATCH })
    for (const event of events) {
      const payload = { ...snapshotOf(event), changed: ['status'] }
      await deps.messaging.append(tx, eventUpdated, payload, { aggregateVersion: event.version })
    }
    return events
  })
  for (const event of completed) await deps.cache.changed(event)
  return { more: completed.length === BATCH }
}
