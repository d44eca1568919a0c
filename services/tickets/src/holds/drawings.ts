import type { EventId } from '@boxoffice/contracts'
import type { Logger, Tx } from '@boxoffice/service-kit'
import type { Commands, DrawAnswer } from './commands.ts'
import { listBusyEvents, readDrawing } from './counter-repository.ts'
import type { Guarded } from './guarded-redis.ts'

const DRAW_ATTEMPTS = 3
/** An event that changed during all attempts of so many reconciliations is drawn in any case by the next one. */
const ROUNDS_MISSED_MAX = 2
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
  guarded: Guarded
  logger: Logger
}) {
  const stale = new Set<EventId>()
  const roundsMissed = new Map<EventId, number>()
  const underWay = new Map<EventId, Promise<boolean>>()
  let windowSeconds = BUSY_AT_START_SECONDS

  /** Whether Redis differed. `inAnyCase`: also while the event keeps changing. */
  async function draw(eventId: EventId, inAnyCase = true): Promise<boolean> {
    const { answer, settled } = await drawFromDatabase(commands, sql, eventId, inAnyCase)
    if (!settled) stale.add(eventId)
    return answer === 'CORRECTED'
  }

  /** The same once more in every reconciliation: a picture that is never drawn goes wrong for ever. */
  async function drawInRound(eventId: EventId): Promise<boolean> {
    const missed = roundsMissed.get(eventId) ?? 0
    const differed = await draw(eventId, missed >= ROUNDS_MISSED_MAX)
    if (stale.has(eventId) && missed < ROUNDS_MISSED_MAX) roundsMissed.set(eventId, missed + 1)
    else roundsMissed.delete(eventId)
    return differed
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
        const differed = await guarded(eventId, () => drawInRound(eventId))
        if (differed === null) stale.add(eventId)
        if (differed) corrected.push(eventId)
      }
      windowSeconds = BUSY_SECONDS
      if (corrected.length > 0) logger.info({ events: corrected }, 'Redis differed from the database and was corrected')
      return corrected
    },
  }
}

interface Drawn {
  readonly answer: DrawAnswer
  /** Whether nothing can have changed between the reading and the drawing. */
  readonly settled: boolean
}

/** Draw an event as the database has it; CHANGED_MEANWHILE when it kept changing and was not to be drawn `inAnyCase`. */
async function drawFromDatabase(commands: Commands, sql: Tx, eventId: EventId, inAnyCase: boolean): Promise<Drawn> {
  for (let attempt = 1; ; attempt++) {
    const changes = await commands.changes(eventId)
    const drawing = await readDrawing(sql, eventId)
    const answer = await commands.draw(eventId, changes, drawing)
    if (answer !== 'CHANGED_MEANWHILE') return { answer, settled: true }
    if (attempt < DRAW_ATTEMPTS) continue
    // A hold that was confirmed in between may be shown as free until it is drawn again, and is sold to nobody all the same;
    // without any picture nothing would be refused.
    return { answer: inAnyCase ? await commands.draw(eventId, null, drawing) : answer, settled: false }
  }
}
