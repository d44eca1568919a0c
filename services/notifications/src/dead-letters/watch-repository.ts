import type { QueueName } from '@boxoffice/contracts'
import type { Db } from '../database.ts'
import type { Watch } from './watch.ts'

const select = { letters: true, alerts: true, alertedAt: true } as const

/** Returns the last alert about a queue; null if it was never checked. */
export const findWatch = (db: Db, queue: QueueName): Promise<Watch | null> =>
  db.prisma.deadLetterWatch.findUnique({ where: { queue }, select })

/** Locks and returns the same until the transaction ends. */
export async function lockWatch(db: Db, queue: QueueName, checkedAt: Date): Promise<Watch> {
  await db.prisma.deadLetterWatch.createMany({
    data: [{ queue, letters: 0, checkedAt }],
    skipDuplicates: true,
  })
  await db.prisma.$queryRaw`select 1 from dead_letter_watch where queue = ${queue} for update`
  return db.prisma.deadLetterWatch.findUniqueOrThrow({ where: { queue }, select })
}

export async function saveWatch(db: Db, queue: QueueName, watch: Watch, checkedAt: Date): Promise<void> {
  await db.prisma.deadLetterWatch.update({ where: { queue }, data: { ...watch, checkedAt } })
}
