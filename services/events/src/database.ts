import type { PrismaDatabase, PrismaSql, PrismaTx } from '@boxoffice/service-kit'
import type { Prisma } from './generated/prisma/client.ts'

/** An open transaction; the first argument of repositories. */
export type Tx = PrismaTx<Prisma.TransactionClient>
/** A transaction, or the database if none is needed. */
export type Db = PrismaSql<Prisma.TransactionClient>
export type Database = PrismaDatabase<Prisma.TransactionClient>
