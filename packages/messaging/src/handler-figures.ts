import type { HandlerFigures, QueueName } from '@boxoffice/contracts'

export type Outcome = 'done' | 'duplicate' | 'dead' | 'failed'

const ERROR_MAX = 300

/** Counts the outcomes of the messages that this process handled, by queue and type. */
export function createHandlerFigures(now: () => Date) {
  const since = now()
  const figures = new Map<string, HandlerFigures & { totalMs: number }>()

  function of(queue: QueueName, eventType: string) {
    const key = `${queue} ${eventType}`
    const found = figures.get(key)
    if (found) return found
    const nothing = {
      done: 0,
      duplicate: 0,
      dead: 0,
      failed: 0,
      averageMs: null,
      lastAt: null,
      lastError: null,
      totalMs: 0,
    }
    const made = { queue, eventType, ...nothing }
    figures.set(key, made)
    return made
  }

  return {
    since,
    /** Lists a type before its first message. */
    expect: (queue: QueueName, eventType: string): void => void of(queue, eventType),
    count(
      queue: QueueName,
      eventType: string,
      result: { outcome: Outcome; ms: number; error?: unknown },
    ): void {
      const figure = of(queue, eventType)
      figure[result.outcome]++
      figure.totalMs += result.ms
      const times = figure.done + figure.duplicate + figure.dead + figure.failed
      figure.averageMs = Math.round((figure.totalMs / times) * 10) / 10
      figure.lastAt = now()
      if (result.error)
        figure.lastError = String((result.error as Error).message ?? result.error).slice(0, ERROR_MAX)
    },
    list: (): HandlerFigures[] => [...figures.values()].map(({ totalMs: _, ...figure }) => figure),
  }
}
export type HandlerFiguresStore = ReturnType<typeof createHandlerFigures>
