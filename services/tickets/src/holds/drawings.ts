import type { EventId } from '@boxoffice/contracts'
import type { Logger, Tx } from '@boxoffice/service-kit'
import type { Breaker } from './breaker.ts'
import type { Commands, DrawAnswer } from './commands.ts'
import { listBusyEvents, readDrawing } from './counter-repository.ts'

const DRAW_ATTEMPTS = 3
const BUSY_SECONDS = 120
const BUSY_AT_START_SECONDS = 86_400

/** Draws the pictures of events in Redis as the database has them; remembers which have to be drawn again. */
export function createDrawings({
  commands,
  sql,
  guarded,
  logger,
}: {
  commands: Commands
  sql: Tx
  guarded: Breaker
  logger: Logger
}) {
  const stale = new Set<EventId>()
  const underWay = new Map<EventId, Promise<boolean>>()
  let windowSeconds = BUSY_AT_START_SECONDS

  /** Whether Redis differed. `inAnyCase`: also while the event keeps changing. */
  async function draw(eventId: EventId, inAnyCase = true): Promise<boolean> {
    const answer = await drawFromDatabase(commands, sql, eventId, inAnyCase)
    if (answer === 'CHANGED_MEANWHILE') stale.add(eventId)
    return answer === 'CORRECTED'
  }

  return {
    draw,
    /** One drawing at a time: those who find none wait for the same. */
    drawOnce(eventId: EventId): Promise<boolean> {
      const current = underWay.get(eventId) ?? draw(eventId).finally(() => underWay.delete(eventId))
      underWay.set(eventId, current)
      return current
    },
    markStale: (eventId: EventId) => void stale.add(eventId),
    async reconcile(): Promise<EventId[]> {
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
