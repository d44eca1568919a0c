import type { z } from 'zod'
import { RefusedError, refuse } from './refusal.ts'

/** Where the next page of a list begins, opaque to clients. */
export const encodeCursor = (position: Record<string, unknown>): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

/** The position of a cursor of ours; null where none was given. Throws a 400 for one that we did not make. */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string | undefined): z.output<S> | null {
  if (cursor === undefined) return null
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch {
    const details = [{ path: 'query.cursor', message: 'is not a cursor of this list' }]
    throw new RefusedError(refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details }))
  }
}

/** One page of `rows`, of which `limit + 1` were asked for: the extra one tells that there is a next page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, position: (last: Row) => Record<string, unknown>) {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { page, nextCursor: rows.length > limit && last ? encodeCursor(position(last)) : null }
}
