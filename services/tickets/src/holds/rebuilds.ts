import type { EventId } from '@boxoffice/contracts'
import type { Logger, Sql } from '@boxoffice/service-kit'
import type { FindPlan } from '../plans/plan-cache.ts'
import type { Commands, RebuildAnswer } from './commands.ts'
import type { Guarded } from './guarded-redis.ts'
import { createReconciliation } from './reconciliation.ts'
import { readSnapshot } from './snapshot-repository.ts'

const ATTEMPTS_MAX = 3

/** Rebuilds the cached availability of events from the database, and remembers which caches are stale. */
export function createRebuilds({
  nowMs = () => performance.now(),
  ...deps
}: {
  commands: Commands
  sql: Sql
  findPlan: FindPlan
  guarded: Guarded
  logger: Logger
  nowMs?: () => number
}) {
  const stale = new Set<EventId>()
  const running = new Map<EventId, Promise<boolean>>()

  /** Returns whether the cache differed. `force`: rebuilds it even if the event keeps changing. */
  async function rebuild(eventId: EventId, attemptsMax = ATTEMPTS_MAX, force = true): Promise<boolean> {
    const { answer, isCurrent } = await rebuildFromDatabase(deps, eventId, { attemptsMax, force })
    if (!isCurrent) stale.add(eventId)
    return answer === 'CORRECTED'
  }

  return {
    rebuild: (eventId: EventId) => rebuild(eventId),
    /** Rebuilds an event's cache; concurrent callers share one rebuild. */
    rebuildShared(eventId: EventId): Promise<boolean> {
      const current = running.get(eventId) ?? rebuild(eventId).finally(() => running.delete(eventId))
      running.set(eventId, current)
      return current
    },
    markStale: (eventId: EventId) => void stale.add(eventId),
    reconcile: createReconciliation({
      ...deps,
      nowMs,
      stale,
      // One attempt: an event on sale would change before the second as it did before the first.
      rebuild: (eventId, force) => rebuild(eventId, 1, force),
    }),
  }
}

interface Rebuilt {
  readonly answer: RebuildAnswer
  /** Whether nothing can have changed between reading the database and replacing the cache. */
  readonly isCurrent: boolean
}

/** Answers CHANGED_MEANWHILE if the event changed during every attempt, unless `force`. */
async function rebuildFromDatabase(
  { commands, sql, findPlan }: { commands: Commands; sql: Sql; findPlan: FindPlan },
  eventId: EventId,
  { attemptsMax, force }: { attemptsMax: number; force: boolean },
): Promise<Rebuilt> {
  const plan = await findPlan(eventId)
  for (let attempt = 1; ; attempt++) {
    const changes = await commands.changes(eventId)
    const snapshot = await readSnapshot(sql, eventId, plan)
    const answer = await commands.rebuild(eventId, changes, snapshot)
    if (answer !== 'CHANGED_MEANWHILE') return { answer, isCurrent: true }
    if (attempt < attemptsMax) continue
    // A hold confirmed in between may look free until the next rebuild, but the database never sells it
    // twice; without a cache, nothing would be refused early.
    return { answer: force ? await commands.rebuild(eventId, null, snapshot) : answer, isCurrent: false }
  }
}
