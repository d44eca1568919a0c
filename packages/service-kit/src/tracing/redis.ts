import { ATTR_DB_OPERATION_NAME, ATTR_DB_SYSTEM_NAME } from '@opentelemetry/semantic-conventions'
import type { Redis } from 'ioredis'
import { findRecordingSpan, markFailed, SpanKind, startSpan } from './spans.ts'

/** Make a span of every command that is part of a recorded one: its name alone, since keys and values may be anybody's. */
export function traceCommands(redis: Redis): void {
  const send = redis.sendCommand.bind(redis)
  redis.sendCommand = (command, stream) => {
    const span =
      findRecordingSpan() &&
      startSpan(command.name, SpanKind.CLIENT, { [ATTR_DB_SYSTEM_NAME]: 'redis', [ATTR_DB_OPERATION_NAME]: command.name })
    if (!span) return send(command, stream)
    command.promise.then(
      () => span.end(),
      (error) => {
        markFailed(span, error)
        span.end()
      },
    )
    return send(command, stream)
  }
}
