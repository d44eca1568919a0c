import type { EventId, SeatMap, SeatMapChanges, SeatStatus } from '@boxoffice/contracts'
import type { Plan } from './plan.ts'
import type { SeatMaps } from './seat-maps.ts'

type Changes = SeatMapChanges['changes']

/** What changed between two maps of a plan. */
export function changesBetween(plan: Plan, before: string, after: string): Changes {
  const changes: Changes = []
  if (before === after) return changes
  for (const { index, seatId } of plan.seats) {
    const status = after[index]
    if (status !== before[index] && status !== undefined) changes.push({ seatId, index, status: status as SeatStatus })
  }
  return changes
}

/** Somebody who waits for a map other than the one they have seen. */
interface Waiting {
  readonly seen: string
  wake(): void
}

/**
 * Watches seat maps. However many look on, an event's map is read by one poller of this process, as long as anybody does.
 * Whoever is slow gets everything that changed meanwhile at once.
 */
export function createSeatWatch({ seatMaps, pollMs }: { seatMaps: Pick<SeatMaps, 'read'>; pollMs: number }) {
  const polled = new Map<EventId, Set<Waiting>>()

  /** Resolves when the map may have changed, or the watcher leaves. */
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
    do {
      await new Promise((resolve) => setTimeout(resolve, pollMs))
      const statuses = await seatMaps.read(eventId).then(
        (map) => map.statuses,
        () => null, // whoever waits reads by themselves, and hears why not
      )
      for (const waiting of [...all]) if (waiting.seen !== statuses) waiting.wake()
    } while (all.size > 0)
    polled.delete(eventId)
  }

  /** The whole map first, then its changes, until the watcher leaves. */
  return async function* watch(plan: Plan, signal: AbortSignal): AsyncGenerator<SeatMap | SeatMapChanges> {
    const { eventId, planVersion } = plan
    const first = await seatMaps.read(eventId)
    yield { eventId, planVersion, statuses: first.statuses, asOf: first.asOf }
    let seen = first.statuses
    while (!signal.aborted) {
      const { statuses, asOf } = await seatMaps.read(eventId)
      if (signal.aborted) return // nobody would wake them any more
      if (statuses === seen) await mayHaveChanged(eventId, seen, signal)
      else yield { asOf, changes: changesBetween(plan, seen, statuses) }
      seen = statuses
    }
  }
}
export type SeatWatch = ReturnType<typeof createSeatWatch>
