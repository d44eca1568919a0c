import type { EventId } from '@boxoffice/contracts'
import type { Logger, Sql } from '@boxoffice/service-kit'
import type { Commands } from './commands.ts'
import { listBusyEvents } from './counter-repository.ts'
import type { Guarded } from './guarded-redis.ts'

/**
 * Reconciling an event may use at most this share of one database session: during a sale, its snapshot is
 * large.
 */
const RECONCILE_SHARE = 0.05
/** Shorter pauses end before the next reconciliation anyway. */
const PAUSE_MS_MIN = 10_000
/** After this many failed attempts in a row, an event that keeps changing is rebuilt regardless. */
const MISSES_MAX = 2
const BUSY_SECONDS = 120
const BUSY_AT_START_SECONDS = 86_400

interface Deps {
  readonly commands: Commands
  readonly sql: Sql
  readonly guarded: Guarded
  readonly logger: Logger
  readonly nowMs: () => number
  /** Events whose cache has to be rebuilt; also added to by `rebuild`. */
  readonly stale: Set<EventId>
  /** Returns whether the cache differed. */
  rebuild(eventId: EventId, force: boolean): Promise<boolean>
}

/** Compares the caches of recently active events with the database and rebuilds those that differ. */
export function createReconciliation(deps: Deps): () => Promise<EventId[]> {
  const { sql, guarded, logger, nowMs, stale } = deps
  const pausedUntilMs = new Map<EventId, number>()
  const compare = createComparison(deps, pausedUntilMs)
  let windowSeconds = BUSY_AT_START_SECONDS

  return async () => {
    const busy = new Map(
      (await listBusyEvents(sql, windowSeconds)).map((event) => [event.eventId, event.changedAt]),
    )
    compare.keepOnly(busy)
    const corrected: EventId[] = []
    for (const [eventId, untilMs] of pausedUntilMs) if (untilMs <= nowMs()) pausedUntilMs.delete(eventId)
    for (const eventId of new Set([...stale, ...busy.keys()])) {
      if (pausedUntilMs.has(eventId)) {
        stale.add(eventId)
        continue
      }
      const isKnown = !stale.delete(eventId)
      const differed = await guarded(eventId, () => compare.run(eventId, isKnown, busy.get(eventId)))
      if (differed === null) stale.add(eventId)
      if (differed) corrected.push(eventId)
    }
    windowSeconds = BUSY_SECONDS
    if (corrected.length > 0)
      logger.info({ events: corrected }, 'availability cache differed from the database and was rebuilt')
    return corrected
  }
}

function createComparison({ commands, nowMs, stale, rebuild }: Deps, pausedUntilMs: Map<EventId, number>) {
  const misses = new Map<EventId, number>()
  /** State of the events that were equal when last compared: in the database, and in Redis. */
  const compared = new Map<EventId, { changedAt: string; changes: string }>()

  /** Forces the rebuild after `MISSES_MAX` misses: a cache that is never rebuilt would stay wrong. */
  async function rebuildPaced(eventId: EventId): Promise<boolean> {
    const missed = misses.get(eventId) ?? 0
    const startedMs = nowMs()
    const differed = await rebuild(eventId, missed >= MISSES_MAX)
    const pauseMs = (nowMs() - startedMs) / RECONCILE_SHARE
    if (pauseMs > PAUSE_MS_MIN) pausedUntilMs.set(eventId, startedMs + pauseMs)
    if (stale.has(eventId) && missed < MISSES_MAX) misses.set(eventId, missed + 1)
    else misses.delete(eventId)
    return differed
  }

  return {
    keepOnly(events: ReadonlyMap<EventId, unknown>): void {
      for (const eventId of compared.keys()) if (!events.has(eventId)) compared.delete(eventId)
    },
    /** Rebuilds an event's cache, unless neither store has changed since they were last equal. */
    async run(eventId: EventId, maySkip: boolean, changedAt: string | undefined): Promise<boolean> {
      const last = compared.get(eventId)
      if (
        maySkip &&
        last &&
        last.changedAt === changedAt &&
        last.changes === (await commands.changes(eventId))
      )
        return false
      compared.delete(eventId)
      const differed = await rebuildPaced(eventId)
      if (changedAt && !stale.has(eventId))
        compared.set(eventId, { changedAt, changes: await commands.changes(eventId) })
      return differed
    },
  }
}
