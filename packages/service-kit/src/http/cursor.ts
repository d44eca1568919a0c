import { Instant, VALIDATION_FAILED } from '@boxoffice/contracts'
import { z } from 'zod'
import { RefusedError, refuse } from './refusal.ts'

/** The fields of a position: values that a database never refuses, whatever the cursor says. */
export const cursorFields = {
  /** A `Date` in code, from 1970 to 9998. */
  instant: Instant,
  id: z.uuid(),
  /** A SHA-256 in hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The position of a scan of Redis. */
  scan: z.string().regex(/^\d{1,20}$/),
  /** The relevance of a search result. */
  rank: z.number().min(0).max(1_000),
} as const
type Field = (typeof cursorFields)[keyof typeof cursorFields] | z.ZodEnum

/**
 * Defines the cursor of a list, opaque to clients: the values of the sort columns where the next page begins.
 * Only these fields are allowed in a position.
 */
export function defineCursor<const S extends Readonly<Record<string, Field>>>(shape: S) {
  const schema = z.object(shape)
  type Position = z.output<typeof schema>

  const encode = (position: Position): string =>
    Buffer.from(JSON.stringify(z.encode(schema, position))).toString('base64url')

  return {
    encode,

    /**
     * Returns the position of a cursor; null without one. Throws a 400 for a cursor that this list cannot
     * have issued. `part` is the part of the request that it came in.
     */
    decode(cursor: string | undefined, part: 'query' | 'body' = 'query'): Position | null {
      if (cursor === undefined) return null
      try {
        return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
      } catch {
        throw new RefusedError(unknownCursor(part))
      }
    },

    /** Makes a page from `limit + 1` rows: the extra one shows that there is a next page. */
    pageOf<Row>(rows: readonly Row[], limit: number, positionOf: (last: Row) => Position) {
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      return { page, nextCursor: rows.length > limit && last ? encode(positionOf(last)) : null }
    },
  }
}

/** The position in a list's cursor. */
export type PositionOf<C extends { decode(cursor: string | undefined): unknown }> = NonNullable<
  ReturnType<C['decode']>
>

/** The refusal of a cursor that the list did not issue. */
export const unknownCursor = (part: 'query' | 'body' = 'query') =>
  refuse(VALIDATION_FAILED, {
    details: [{ path: `${part}.cursor`, message: 'is not a cursor of this list' }],
  })
