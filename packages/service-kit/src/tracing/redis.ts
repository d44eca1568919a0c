import { ATTR_DB_OPERATION_NAME, ATTR_DB_SYSTEM_NAME } from '@opentelemetry/semantic-conventions'
import type { Redis } from 'ioredis'
import { startDetail } from './spans.ts'

/**
 * Adds a span for every command within a recorded one: its name only, since keys and values may be personal.
 */
export function traceCommands(redis: Redis): void {
  const send = redis.sendCommand.bind(redis)
  redis.sendCommand = (command, stream) => {
    const end = startDetail(() => ({
      name: command.name,
      attributes: { [ATTR_DB_SYSTEM_NAME]: 'redis', [ATTR_DB_OPERATION_NAME]: command.name },
    }))
    if (end) command.promise.then(() => end(), end)
    return send(command, stream)
  }
}
