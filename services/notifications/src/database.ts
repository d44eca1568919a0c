import type { PrismaDatabase, PrismaSql, PrismaTx } from '@boxoffice/service-kit'
import type { Prisma } from './generated/prisma/client.ts'

/** An open transaction: repositories take it first. */
export type Tx = PrismaTx<Prisma.TransactionClient>
/** A transaction, or the database where none is needed. */
export type Db = PrismaSql<Prisma.TransactionClient>
export type Database = PrismaDatabase<Prisma.TransactionClient>
