import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { findTraceId } from '../tracing/spans.ts'
import { findCorrelationId } from './context.ts'
import { findLogOutput } from './log-output.ts'
import { blankSecrets, describeError } from './log-redaction.ts'

export type { Logger }

let destination: DestinationStream | undefined

/** Every logger that is made from now on writes there rather than to standard output: for tests. */
export function redirectLogs(to: DestinationStream): void {
  destination = to
}

/**
 * JSON lines with the correlation id, and the trace's while there is one; what is secret or personal is
 * blanked wherever it stands, three levels deep.
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
