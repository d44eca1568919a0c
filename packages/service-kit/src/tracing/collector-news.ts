/** Where it is said that traces are dropped, and that they are taken again. */
export interface TraceLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

const SAY_AGAIN_AFTER_MS = 3_600_000

/**
 * Says in the log that the collector does not take traces: at once, then once an hour while that lasts; and
 * that it takes them again.
 */
export function createCollectorNews({ logger, now }: { logger: TraceLog; now: () => Date }) {
  let saidAt: number | null = null
  return {
    refused(error: unknown): void {
      const at = now().getTime()
      if (saidAt !== null && at - saidAt < SAY_AGAIN_AFTER_MS) return
      saidAt = at
      logger.warn({ err: error }, 'traces are not taken by their collector: they are dropped')
    },
    taken(): void {
      if (saidAt === null) return
      saidAt = null
      logger.info('traces are taken by their collector again')
    },
  }
}
export type CollectorNews = ReturnType<typeof createCollectorNews>
