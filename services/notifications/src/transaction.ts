import type { Prisma } from './generated/prisma/client.ts'

/** A transaction that Prisma opened: what repositories take first. */
export type PrismaTx = Prisma.TransactionClient
/** One transaction of Prisma's, in which our SQL may take part; after its commit the relay is told to look. */
export type Transact = <T>(work: (tx: PrismaTx) => Promise<T>) => Promise<T>
