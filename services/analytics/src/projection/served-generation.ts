import type { Sql } from '@boxoffice/service-kit'
import { getActiveGeneration } from './generation-repository.ts'

const FRESH_MS = 1_000
const BELIEVED_MS = 5_000
/** While nobody can look. Well below the minute for which a retired generation is kept. */
const BELIEVED_BLINDLY_MS = 45_000

/**
 * The generation that reads use. It changes a few times in a year: what was seen lately is used at once, and
 * looked at again behind the reader's back, so that a read that is cached needs no statement. While
 * PostgreSQL is down the last one is believed, so that what is cached is still read.
 */
export function createServedGeneration(sql: Sql) {
  let seen: { generation: number; atMs: number } | null = null
  let looking: Promise<number> | null = null
  let isAway = false

  function look(): Promise<number> {
    looking ??= getActiveGeneration(sql)
      .then(({ generation }) => {
        seen = { generation, atMs: performance.now() }
        isAway = false
        return generation
      })
      .catch((error) => {
        isAway = true
        throw error
      })
      .finally(() => {
        looking = null
      })
    return looking
  }

  return {
    async get(): Promise<number> {
      const last = seen
      const ageMs = last ? performance.now() - last.atMs : Number.POSITIVE_INFINITY
      if (!last || ageMs > BELIEVED_BLINDLY_MS) return look()
      if (ageMs <= FRESH_MS) return last.generation
      const looked = look().catch(() => last.generation) // whoever reads the database next hears why
      return ageMs <= BELIEVED_MS || isAway ? last.generation : looked
    },
    /** This process has switched. */
    async changed(): Promise<void> {
      seen = null
      await look()
    },
  }
}
export type ServedGeneration = ReturnType<typeof createServedGeneration>
