import { Instant, VALIDATION_FAILED } from '@boxoffice/contracts'
import { z } from 'zod'
import { RefusedError, refuse } from './refusal.ts'

/** What a position is made of: nothing that a database refuses, whoever wrote the cursor. */
export const cursorFields = {
  /** A `Date` in code, from 1970 to 9998. */
  instant: Instant,
  id: z.uuid(),
  /** Where a walk through Redis goes on. */
  scan: z.string().regex(/^\d{1,20}$/),
  /** How well something matches. */
  rank: z.number().min(0).max(1_000),
} as const
type Field = (typeof cursorFields)[keyof typeof cursorFields] | z.ZodEnum

/**
 * The cursor of a list, opaque to clients: where its next page begins, as the values that the list is sorted
 * by. A list whose position could be anything else cannot be defined.
 */
export function defineCursor<const S extends Readonly<Record<string, Field>>>(shape: S) {
  const schema = z.object(shape)
  type Position = z.output<typeof schema>

  const encode = (position: Position): string =>
    Buffer.from(JSON.stringify(z.encode(schema, position))).toString('base64url')

  return {
    encode,

    /**
     * The position of a cursor; null where none was given. Throws a 400 for one that no list like this makes.
     */
    decode(cursor: string | undefined): Position | null {
      if (cursor === undefined) return null
      try {
        return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
      } catch {
        throw new RefusedError(unknownCursor())
      }
    },

    /**
     * One page of `rows`, of which `limit + 1` were asked for: the extra one tells that there is a next page.
     */
    pageOf<Row>(rows: readonly Row[], limit: number, positionOf: (last: Row) => Position) {
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      return { page, nextCursor: rows.length > limit && last ? encode(positionOf(last)) : null }
    },
  }
}

/** The position that a list's cursor stands for. */
export type PositionOf<C extends { decode(cursor: string | undefined): unknown }> = NonNullable<
  ReturnType<C['decode']>
>

/** The refusal of a cursor that the list has not made. */
export const unknownCursor = () =>
  refuse(VALIDATION_FAILED, {
    details: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  })
