import type { Sql } from '@boxoffice/service-kit'
import { getActiveGeneration } from './generation-repository.ts'

const FRESH_MS = 1_000
const STALE_MS = 5_000
/**
 * How long to use the last generation while PostgreSQL is down: well below the minute for which a retired one
 * is kept.
 */
const USED_WHILE_DOWN_MS = 45_000

/**
 * Returns the generation that reads use. It changes a few times a year, so a recent value is used at once and
 * refreshed in the background, and a cached read needs no statement. While PostgreSQL is down the last value
 * is used, so that cached reads still work.
 */
export function createServedGeneration(sql: Sql) {
  let seen: { generation: number; atMs: number } | null = null
  let refreshing: Promise<number> | null = null
  let isDown = false

  function refresh(): Promise<number> {
    refreshing ??= getActiveGeneration(sql)
      .then(({ generation }) => {
        seen = { generation, atMs: performance.now() }
        isDown = false
        return generation
      })
      .catch((error) => {
        isDown = true
        throw error
      })
      .finally(() => {
        refreshing = null
      })
    return refreshing
  }

  return {
    async get(): Promise<number> {
      const last = seen
      const ageMs = last ? performance.now() - last.atMs : Number.POSITIVE_INFINITY
      if (!last || ageMs > USED_WHILE_DOWN_MS) return refresh()
      if (ageMs <= FRESH_MS) return last.generation
      // the next read of the database reports the error
      const refreshed = refresh().catch(() => last.generation)
      return ageMs <= STALE_MS || isDown ? last.generation : refreshed
    },
    /** Refreshes after this process has switched. */
    async changed(): Promise<void> {
      seen = null
      await refresh()
    },
  }
}
export type ServedGeneration = ReturnType<typeof createServedGeneration>
