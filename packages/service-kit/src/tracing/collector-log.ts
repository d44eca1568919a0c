/** Where dropped traces and the return of the collector are logged. */
export interface TraceLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

const SAY_AGAIN_AFTER_MS = 3_600_000

/**
 * Logs that the collector does not accept traces: at once, then once an hour until it does; and that it is
 * back.
 */
export function createCollectorLog({ logger, now }: { logger: TraceLog; now: () => Date }) {
  let saidAt: number | null = null
  return {
    refused(error: unknown): void {
      const at = now().getTime()
      if (saidAt !== null && at - saidAt < SAY_AGAIN_AFTER_MS) return
      saidAt = at
      logger.warn({ err: error }, 'trace collector unavailable, traces are dropped')
    },
    accepted(): void {
      if (saidAt === null) return
      saidAt = null
      logger.info('trace collector is back')
    },
  }
}
export type CollectorLog = ReturnType<typeof createCollectorLog>
