import { createRedis, type Watchers } from '@boxoffice/service-kit'
import { CHANNEL } from './read-cache.ts'

/**
 * Hears of the events that any instance invalidates. While Redis is unavailable it hears nothing: whoever
 * waits has to look now and then, too.
 */
export interface Notices {
  /** Told of the tag of every event that changes, until the answer is called. */
  listen(hear: (tag: string) => void): () => void
  close(): void
}

export const noNotices: Notices = { listen: () => () => {}, close: () => {} }

/** A connection of its own: one that subscribes can do nothing else. */
export function createNotices(options: Watchers & { url: string }): Notices {
  const listeners = new Set<(tag: string) => void>()
  const redis = createRedis({ ...options, use: 'changes' })
  redis.on('ready', () => {
    redis
      .subscribe(CHANNEL)
      .catch((error) => options.logger.warn({ err: error }, 'changes are not heard of; they are looked for'))
  })
  redis.on('message', (_channel, tag: string) => {
    for (const hear of listeners) hear(tag)
  })
  return {
    listen(hear) {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
    close: () => redis.disconnect(),
  }
}
