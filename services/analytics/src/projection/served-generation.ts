import type { Tx } from '@boxoffice/service-kit'
import { getActiveGeneration } from './generation-repository.ts'

const FRESH_MS = 1_000
/** Well below the minute for which a retired generation is kept. */
const BELIEVED_MS = 5_000

/**
 * The generation that reads use. It changes a few times in a year: what was seen lately is used at once, and looked at again behind the
 * reader's back, so that a read that is cached needs no statement.
 */
export function createServedGeneration(sql: Tx) {
  let seen: { generation: number; atMs: number } | null = null
  let looking: Promise<number> | null = null

  function look(): Promise<number> {
    looking ??= getActiveGeneration(sql)
      .then(({ generation }) => {
        seen = { generation, atMs: performance.now() }
        return generation
      })
      .finally(() => {
        looking = null
      })
    return looking
  }

  return {
    async get(): Promise<number> {
      const ageMs = seen ? performance.now() - seen.atMs : Number.POSITIVE_INFINITY
      if (!seen || ageMs > BELIEVED_MS) return look()
      if (ageMs > FRESH_MS) look().catch(() => {}) // whoever reads the database next hears why
      return seen.generation
    },
    /** This process has switched. */
    async changed(): Promise<void> {
      seen = null
      await look()
    },
  }
}
export type ServedGeneration = ReturnType<typeof createServedGeneration>
