import { ATTR_DB_OPERATION_NAME, ATTR_DB_SYSTEM_NAME } from '@opentelemetry/semantic-conventions'
import type { Redis } from 'ioredis'
import { startDetail } from './spans.ts'

/**
 * Make a span of every command that is part of a recorded one: its name alone, since keys and values may be
 * anybody's.
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
