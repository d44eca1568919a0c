import type { Prisma } from './generated/prisma/client.ts'

/** A transaction that Prisma opened: what repositories take first. */
export type PrismaTx = Prisma.TransactionClient
