import type { Logger } from '@boxoffice/service-kit'
import type { ReadCache, Tag } from './read-cache.ts'

/**
 * Invalidates the tags that commits have touched: a tag at once, then at most once every `refreshMs`, always
 * including the last. During a rush every sale touches its event, and a cache emptied by each would be
 * useless.
 */
export function createInvalidations(options: {
  cache: Pick<ReadCache, 'invalidate'>
  refreshMs: number
  logger: Logger
}) {
  const { cache, refreshMs, logger } = options
  const resting = new Map<string, { timer: NodeJS.Timeout; again: (() => void) | null }>()
  const underway = new Set<Promise<void>>()

  function send(generation: number, tag: Tag): void {
    const sent = cache.invalidate(generation, tag).catch((error) => {
      logger.warn({ err: error, tag }, 'invalidating a cached read failed: it stays until it expires')
    })
    underway.add(sent)
    void sent.then(() => underway.delete(sent))
  }

  function changed(generation: number, tag: Tag): void {
    const key = `${generation} ${tag}`
    const now = () => {
      send(generation, tag)
      const timer = setTimeout(() => {
        const again = resting.get(key)?.again
        resting.delete(key)
        again?.()
      }, refreshMs)
      resting.set(key, { timer, again: null })
    }
    const rest = resting.get(key)
    if (rest) rest.again = now
    else now()
  }

  return {
    /** Call after the commit: these tags have changed in these generations. */
    changed(generations: readonly number[], tags: readonly Tag[]): void {
      for (const generation of generations) for (const tag of tags) changed(generation, tag)
    },
    /** Sends pending invalidations and waits for those in flight. */
    async close(): Promise<void> {
      for (const [key, { timer, again }] of [...resting]) {
        clearTimeout(timer)
        resting.delete(key)
        again?.()
      }
      for (const { timer } of resting.values()) clearTimeout(timer)
      resting.clear()
      await Promise.all(underway)
    },
  }
}
export type Invalidations = ReturnType<typeof createInvalidations>
