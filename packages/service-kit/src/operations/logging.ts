import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { findTraceId } from '../tracing/spans.ts'
import { findCorrelationId } from './context.ts'
import { findLogOutput } from './log-output.ts'
import { blankSecrets, describeError } from './log-redaction.ts'

export type { Logger }

let destination: DestinationStream | undefined

/** Makes every later logger write there instead of standard output: for tests. */
export function redirectLogs(to: DestinationStream): void {
  destination = to
}

/**
 * Creates a logger: JSON lines with the correlation id and, within a trace, its id; secret and personal
 * values are blanked, three levels deep.
 */
export function createLogger(options: { service: string; level: string }): Logger {
  const settings: LoggerOptions = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }), log: blankSecrets },
    serializers: { err: describeError },
    mixin: () => {
      const correlationId = findCorrelationId()
      const traceId = findTraceId()
      return { ...(correlationId && { correlationId }), ...(traceId && { traceId }) }
    },
  }
  return pino(settings, destination ?? findLogOutput())
}
