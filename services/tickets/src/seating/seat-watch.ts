import type { EventId, SeatMap, SeatMapChanges, SeatStatus } from '@boxoffice/contracts'
import { type EncodedJson, encodedJson } from '@boxoffice/service-kit'
import type { Plan } from '../plans/plan.ts'
import type { Reading, SeatMaps } from './seat-maps.ts'

type Changes = SeatMapChanges['changes']

/** Returns what changed between two maps of a plan. */
export function changesBetween(plan: Plan, before: string, after: string): Changes {
  const changes: Changes = []
  if (before === after) return changes
  for (const { index, seatId } of plan.seats) {
    const status = after[index]
    if (status !== before[index] && status !== undefined)
      changes.push({ seatId, index, status: status as SeatStatus })
  }
  return changes
}

/** A watcher that waits for a map other than the one it has seen. */
interface Waiting {
  readonly seen: string
  wake(): void
}

/** Notifying all watchers of an event takes at most a third of the process's time. */
const BROADCASTS_APART = 3

/**
 * Watches seat maps. However many watch an event, one poller of this process reads its map while there are
 * any, and each change from one map to another is compared and encoded once for all. A slow watcher gets all
 * changes since its last read at once.
 */
export function createSeatWatch({ seatMaps, pollMs }: { seatMaps: Pick<SeatMaps, 'read'>; pollMs: number }) {
  const polled = new Map<EventId, Set<Waiting>>()
  const encodedChanges = new WeakMap<Reading, Map<string, EncodedJson<SeatMapChanges>>>()

  /** Resolves when the map may have changed, or when the watcher leaves. */
  function mayHaveChanged(eventId: EventId, seen: string, signal: AbortSignal): Promise<void> {
    const all = polled.get(eventId) ?? begin(eventId)
    return new Promise((resolve) => {
      const wake = () => {
        all.delete(waiting)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const waiting = { seen, wake }
      all.add(waiting)
      signal.addEventListener('abort', wake)
    })
  }

  function begin(eventId: EventId): Set<Waiting> {
    const all = new Set<Waiting>()
    polled.set(eventId, all)
    void poll(eventId, all)
    return all
  }

  async function poll(eventId: EventId, all: Set<Waiting>): Promise<void> {
    let waitMs = pollMs
    do {
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      const statuses = await seatMaps.read(eventId).then(
        (map) => map.statuses,
        () => null, // each watcher then reads for itself and gets the error
      )
      const beganMs = performance.now()
      for (const waiting of [...all]) if (waiting.seen !== statuses) waiting.wake()
      await new Promise(setImmediate) // lets the watchers write first
      waitMs = Math.max(pollMs, BROADCASTS_APART * (performance.now() - beganMs))
    } while (all.size > 0)
    polled.delete(eventId)
  }

  function changesSince(plan: Plan, seen: string, now: Reading): EncodedJson<SeatMapChanges> {
    const known = encodedChanges.get(now) ?? new Map<string, EncodedJson<SeatMapChanges>>()
    encodedChanges.set(now, known)
    const changes =
      known.get(seen) ?? encodedJson({ asOf: now.asOf, changes: changesBetween(plan, seen, now.statuses) })
    known.set(seen, changes)
    return changes
  }

  /** Yields the whole map first, then its changes, until the watcher leaves. */
  return async function* watch(
    plan: Plan,
    signal: AbortSignal,
  ): AsyncGenerator<EncodedJson<SeatMap | SeatMapChanges>> {
    const { eventId, planVersion } = plan
    const first = await seatMaps.read(eventId)
    yield first.encoded(planVersion)
    let seen = first.statuses
    while (!signal.aborted) {
      const now = await seatMaps.read(eventId)
      if (signal.aborted) return // nothing would wake this watcher again
      if (now.statuses === seen) await mayHaveChanged(eventId, seen, signal)
      else yield changesSince(plan, seen, now)
      seen = now.statuses
    }
  }
}
export type SeatWatch = ReturnType<typeof createSeatWatch>
