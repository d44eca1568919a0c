import { createRedis, type Watchers } from '@boxoffice/service-kit'
import { CHANNEL } from './read-cache.ts'

/**
 * Notifies of events that any instance invalidates. Nothing arrives while Redis is unavailable, so listeners
 * have to poll now and then, too.
 */
export interface Notices {
  /** Calls `hear` with the tag of every event that changes, until the returned function is called. */
  listen(hear: (tag: string) => void): () => void
  close(): void
}

export const noNotices: Notices = { listen: () => () => {}, close: () => {} }

/** Needs its own connection: a subscribed one cannot be used otherwise. */
export function createNotices(options: Watchers & { url: string }): Notices {
  const listeners = new Set<(tag: string) => void>()
  const redis = createRedis({ ...options, use: 'changes' })
  redis.on('ready', () => {
    redis
      .subscribe(CHANNEL)
      .catch((error) => options.logger.warn({ err: error }, 'subscribing to changes failed: polling instead'))
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
