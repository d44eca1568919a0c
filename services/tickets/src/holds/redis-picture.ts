import type { EventId, ReservationId } from '@boxoffice/contracts'
import { createRedis, type Logger, sqlOfPool, type Tx } from '@boxoffice/service-kit'
import type pg from 'pg'
import { createBreaker } from './breaker.ts'
import { type Commands, type DrawAnswer, defineCommands, type HoldAnswer, type Line, type Released } from './commands.ts'
import { listBusyEvents, readDrawing } from './counter-repository.ts'

const DRAW_ATTEMPTS = 3
const BUSY_SECONDS = 120
const BUSY_AT_START_SECONDS = 86_400

/**
 * The picture of what is free, in Redis: it refuses the crowd fast, and it may vanish. PostgreSQL is the truth. Nothing here
 * rejects: what Redis could not be told is remembered and drawn anew by `reconcile`.
 */
export interface RedisPicture {
  /** Take places provisionally; null when Redis cannot be had, and sales go on without it. */
  hold(eventId: EventId, reservationId: ReservationId, lines: readonly Line[]): Promise<Exclude<HoldAnswer, 'NO_PICTURE'> | null>
  /** The database holds them for so long. */
  confirm(eventId: EventId, reservationId: ReservationId, lines: readonly Line[], remainingMs: number): Promise<void>
  /** The database has let them go. */
  release(released: readonly Released[]): Promise<void>
  /** Something changed that only a new drawing can show: `reconcile` makes it. */
  markStale(eventId: EventId): void
  /** Make Redis equal PostgreSQL for every event with activity; the events that differed. */
  reconcile(): Promise<EventId[]>
  health: { required: false; check(): Promise<unknown> }
  close(): void
}

export function createRedisPicture(options: { url: string; pool: pg.Pool; logger: Logger }): RedisPicture {
  const { logger } = options
  const sql = sqlOfPool(options.pool)
  const redis = createRedis(options)
  const commands = defineCommands(redis)
  const guarded = createBreaker({ onFailure: (error) => logger.warn({ err: error }, 'a Redis command failed') })
  const stale = new Set<EventId>()
  const drawing = new Map<EventId, Promise<boolean>>()
  let windowSeconds = BUSY_AT_START_SECONDS

  async function draw(eventId: EventId, inAnyCase: boolean): Promise<boolean> {
    const answer = await drawFromDatabase(commands, sql, eventId, inAnyCase)
    if (answer === 'CHANGED_MEANWHILE') stale.add(eventId)
    return answer === 'CORRECTED'
  }

  /** One drawing at a time: those who find none wait for the same. */
  function drawOnce(eventId: EventId): Promise<boolean> {
    const current = drawing.get(eventId) ?? draw(eventId, true).finally(() => drawing.delete(eventId))
    drawing.set(eventId, current)
    return current
  }

  async function tell(eventId: EventId, call: () => Promise<void>): Promise<void> {
    const told = await guarded(async () => {
      await call()
      return true
    })
    if (!told) stale.add(eventId)
  }

  return {
    hold: (eventId, reservationId, lines) =>
      guarded(async () => {
        const answer = await commands.hold(eventId, reservationId, lines)
        if (answer !== 'NO_PICTURE') return answer
        await drawOnce(eventId)
        const again = await commands.hold(eventId, reservationId, lines)
        if (again === 'NO_PICTURE') throw new Error('the picture vanished as soon as it was drawn')
        return again
      }),
    confirm: (eventId, reservationId, lines, remainingMs) =>
      tell(eventId, () => commands.confirm(eventId, reservationId, lines, remainingMs)),
    async release(released) {
      for (const [eventId, reservations] of Map.groupBy(released, ({ eventId }) => eventId)) {
        const ids = reservations.map(({ reservationId }) => reservationId)
        await tell(eventId, () => commands.release(eventId, ids))
      }
    },
    markStale: (eventId) => void stale.add(eventId),
    async reconcile() {
      const events = new Set([...stale, ...(await listBusyEvents(sql, windowSeconds))])
      const corrected: EventId[] = []
      for (const eventId of events) {
        stale.delete(eventId)
        const differed = await guarded(() => draw(eventId, false))
        if (differed === null) stale.add(eventId)
        if (differed) corrected.push(eventId)
      }
      windowSeconds = BUSY_SECONDS
      if (corrected.length > 0) logger.info({ events: corrected }, 'Redis differed from the database and was corrected')
      return corrected
    },
    health: { required: false, check: () => redis.ping() },
    close: () => redis.disconnect(),
  }
}

/** Draw an event as the database has it; CHANGED_MEANWHILE when it kept changing and was not to be drawn `inAnyCase`. */
async function drawFromDatabase(commands: Commands, sql: Tx, eventId: EventId, inAnyCase: boolean): Promise<DrawAnswer> {
  let answer: DrawAnswer = 'CHANGED_MEANWHILE'
  for (let attempt = 1; attempt <= DRAW_ATTEMPTS && answer === 'CHANGED_MEANWHILE'; attempt++) {
    const changes = await commands.changes(eventId)
    const drawing = await readDrawing(sql, eventId)
    // A hold that came in between may be shown wrongly for a moment; without any picture nothing would be refused.
    answer = await commands.draw(eventId, inAnyCase && attempt === DRAW_ATTEMPTS ? null : changes, drawing)
  }
  return answer
}
