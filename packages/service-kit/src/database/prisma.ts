import type { Logger } from '../operations/logging.ts'
import { createAttempts, type Database, type Sql, type Tx } from './database.ts'

/** Runs SQL and Prisma's queries, in a transaction or outside: for repositories that need no transaction. */
export interface PrismaSql<Prisma> extends Sql {
  readonly prisma: Prisma
}
/** A transaction opened by Prisma in which plain SQL takes part, such as the outbox's. */
export interface PrismaTx<Prisma> extends Tx, PrismaSql<Prisma> {}

export type PrismaDatabase<Prisma> = Database<PrismaTx<Prisma>> & PrismaSql<Prisma>

/**
 * The part of a generated client that is used, for any schema; `Prisma` is its `Prisma.TransactionClient`.
 */
type Client<Prisma> = RawQueries & {
  $transaction<R>(
    work: (tx: Prisma) => Promise<R>,
    options?: { isolationLevel?: 'RepeatableRead' },
  ): Promise<R>
}
interface RawQueries {
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown>
}

/**
 * Creates a database whose tables Prisma's client knows. Statements through `query` cast parameters that are
 * not text (`$1::uuid`) and return text, uuid, int, jsonb and timestamptz: Prisma parses bigint and numeric
 * in its own way.
 */
export function createPrismaDatabase<Prisma extends RawQueries>(options: {
  prisma: Client<Prisma> & Prisma
  logger: Logger
}): PrismaDatabase<Prisma> {
  const { prisma } = options
  const attempts = createAttempts(options.logger)
  return {
    ...sqlOf(prisma),
    prisma,
    transact: (work, transactOptions) =>
      attempts(transactOptions, (effects) =>
        prisma.$transaction(
          (tx) => work({ ...effects.join(sqlOf(tx)), prisma: tx }),
          transactOptions?.readOnlySnapshot ? { isolationLevel: 'RepeatableRead' } : {},
        ),
      ),
  }
}

const sqlOf = (prisma: RawQueries): Sql => ({
  query: (text, values = []) => prisma.$queryRawUnsafe(text, ...values) as Promise<never>,
})
