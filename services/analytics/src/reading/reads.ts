import type { Metrics, Sql } from '@boxoffice/service-kit'
import type { z } from 'zod'
import type { Entry, ReadCache } from '../cache/read-cache.ts'
import type { ServedGeneration } from '../projection/served-generation.ts'

/** Reads through the cache: `load` gets the served generation. */
export type Read = <S extends z.ZodType>(
  entry: Entry<S>,
  load: (sql: Sql, generation: number) => Promise<z.output<S> | null>,
) => Promise<z.output<S> | null>

/** Counts every statement. */
export function countingStatements(sql: Sql, metrics: Pick<Metrics, 'counter'>): Sql {
  const queries = metrics.counter('read_queries_total', 'statements that reads sent to PostgreSQL', [])
  return {
    query(text, values) {
      queries.inc()
      return sql.query(text, values)
    },
  }
}

export function createRead(options: { sql: Sql; cache: ReadCache; served: ServedGeneration }): Read {
  const { sql, cache, served } = options
  return async (entry, load) => {
    const generation = await served.get()
    return cache.read(generation, entry, () => load(sql, generation))
  }
}
