import type { EventId } from '@boxoffice/contracts'
import type { Logger, Sql } from '@boxoffice/service-kit'
import type { FindPlan } from '../plans/plan-cache.ts'
import type { Commands, DrawAnswer } from './commands.ts'
import { listBusyEvents } from './counter-repository.ts'
import { readDrawing } from './drawing-repository.ts'
import type { Guarded } from './guarded-redis.ts'

const DRAW_ATTEMPTS = 3
/**
 * Reconciling takes at most this share of the time of a database session per event: what is drawn during a
 * sale is large.
 */
const RECONCILE_SHARE = 0.05
/** Shorter rests are over before the next reconciliation. */
const REST_MS_MIN = 10_000
/**
 * An event that changed during all attempts of so many reconciliations is drawn in any case by the next one.
 */
const ROUNDS_MISSED_MAX = 2
const BUSY_SECONDS = 120
const BUSY_AT_START_SECONDS = 86_400

/** Draws the caches of events in Redis as the database has them; remembers which have to be drawn again. */
export function createDrawings({
  commands,
  sql,
  findPlan,
  guarded,
  logger,
  nowMs = () => performance.now(),
}: {
  commands: Commands
  sql: Sql
  findPlan: FindPlan
  guarded: Guarded
  logger: Logger
  nowMs?: () => number
}) {
  const stale = new Set<EventId>()
  /** When an event that took long may be reconciled again. */
  const restsUntilMs = new Map<EventId, number>()
  const roundsMissed = new Map<EventId, number>()
  /** Of events that were equal after their last comparison: how they stood then, here and there. */
  const compared = new Map<EventId, { changedAt: string; changes: string }>()
  const underWay = new Map<EventId, Promise<boolean>>()
  let windowSeconds = BUSY_AT_START_SECONDS

  /** Whether Redis differed. `inAnyCase`: also while the event keeps changing. */
  async function draw(eventId: EventId, attemptsMax = DRAW_ATTEMPTS, inAnyCase = true): Promise<boolean> {
    const { answer, settled } = await drawFromDatabase(eventId, { attemptsMax, inAnyCase })
    if (!settled) stale.add(eventId)
    return answer === 'CORRECTED'
  }

  /** The same once more in every reconciliation: a cache that is never drawn goes wrong for ever. */
  async function drawInRound(eventId: EventId): Promise<boolean> {
    const missed = roundsMissed.get(eventId) ?? 0
    const beganMs = nowMs()
    // Once: an event that is being sold changes before a second attempt as it did before the first.
    const differed = await draw(eventId, 1, missed >= ROUNDS_MISSED_MAX)
    const restMs = (nowMs() - beganMs) / RECONCILE_SHARE
    if (restMs > REST_MS_MIN) restsUntilMs.set(eventId, beganMs + restMs)
    if (stale.has(eventId) && missed < ROUNDS_MISSED_MAX) roundsMissed.set(eventId, missed + 1)
    else roundsMissed.delete(eventId)
    return differed
  }

  /** Draw an event unless nothing has happened to it since it was last compared, there or here. */
  async function compare(
    eventId: EventId,
    mayBeSkipped: boolean,
    changedAt: string | undefined,
  ): Promise<boolean> {
    const last = compared.get(eventId)
    if (
      mayBeSkipped &&
      last &&
      last.changedAt === changedAt &&
      last.changes === (await commands.changes(eventId))
    )
      return false
    compared.delete(eventId)
    const differed = await drawInRound(eventId)
    if (changedAt && !stale.has(eventId))
      compared.set(eventId, { changedAt, changes: await commands.changes(eventId) })
    return differed
  }

  /**
   * Draw an event as the database has it; CHANGED_MEANWHILE when it kept changing and was not to be drawn
   * `inAnyCase`.
   */
  async function drawFromDatabase(
    eventId: EventId,
    { attemptsMax, inAnyCase }: { attemptsMax: number; inAnyCase: boolean },
  ): Promise<Drawn> {
    const plan = await findPlan(eventId)
    for (let attempt = 1; ; attempt++) {
      const changes = await commands.changes(eventId)
      const drawing = await readDrawing(sql, eventId, plan)
      const answer = await commands.draw(eventId, changes, drawing)
      if (answer !== 'CHANGED_MEANWHILE') return { answer, settled: true }
      if (attempt < attemptsMax) continue
      // A hold that was confirmed in between may be shown as free until it is drawn again, and is sold to
      // nobody all the same; without any cache nothing would be refused.
      return { answer: inAnyCase ? await commands.draw(eventId, null, drawing) : answer, settled: false }
    }
  }

  return {
    draw: (eventId: EventId) => draw(eventId),
    /** One drawing at a time: those who find none wait for the same. */
    drawOnce(eventId: EventId): Promise<boolean> {
      const current = underWay.get(eventId) ?? draw(eventId).finally(() => underWay.delete(eventId))
      underWay.set(eventId, current)
      return current
    },
    markStale: (eventId: EventId) => void stale.add(eventId),
    async reconcile(): Promise<EventId[]> {
      const busy = new Map(
        (await listBusyEvents(sql, windowSeconds)).map((event) => [event.eventId, event.changedAt]),
      )
      for (const eventId of compared.keys()) if (!busy.has(eventId)) compared.delete(eventId)
      const events = new Set([...stale, ...busy.keys()])
      const corrected: EventId[] = []
      for (const [eventId, untilMs] of restsUntilMs) if (untilMs <= nowMs()) restsUntilMs.delete(eventId)
      for (const eventId of events) {
        if (restsUntilMs.has(eventId)) {
          stale.add(eventId)
          continue
        }
        const isKnown = !stale.delete(eventId)
        const differed = await guarded(eventId, () => compare(eventId, isKnown, busy.get(eventId)))
        if (differed === null) stale.add(eventId)
        if (differed) corrected.push(eventId)
      }
      windowSeconds = BUSY_SECONDS
      if (corrected.length > 0)
        logger.info({ events: corrected }, 'Redis differed from the database and was corrected')
      return corrected
    },
  }
}

interface Drawn {
  readonly answer: DrawAnswer
  /** Whether nothing can have changed between the reading and the drawing. */
  readonly settled: boolean
}
