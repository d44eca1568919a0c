import type { ArchivedLetter, QueueName } from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import type { Db } from '../database.ts'
import { derivedId } from '../notifications/derived-id.ts'

/** A letter is one until it is put back: dead again it is another. */
const idOf = ({ sqs }: DeadLetter) => derivedId(`dead letter ${sqs.MessageId}`)

/**
 * Writes down those that were not yet, and answers them. `bodyOf`: what of a letter may be kept, null where
 * nothing.
 */
export async function archiveLetters(
  db: Db,
  queue: QueueName,
  letters: readonly DeadLetter[],
  { archivedAt, bodyOf }: { archivedAt: Date; bodyOf: (letter: DeadLetter) => string | null },
): Promise<DeadLetter[]> {
  const written = await db.prisma.deadLetter.createManyAndReturn({
    data: letters.map((letter) => {
      const { messageId, eventType, reason, redrives, sentAt } = letter
      const attributes = textsOf(letter)
      return {
        id: idOf(letter),
        queue,
        messageId,
        eventType,
        reason,
        redrives,
        sentAt,
        archivedAt,
        attributes,
        body: bodyOf(letter),
      }
    }),
    skipDuplicates: true,
    select: { id: true },
  })
  const ids = new Set(written.map(({ id }) => id))
  return letters.filter((letter) => ids.has(idOf(letter)))
}

const textsOf = ({ sqs }: DeadLetter): Record<string, string> =>
  Object.fromEntries(
    Object.entries(sqs.MessageAttributes ?? {}).flatMap(([name, { StringValue }]) =>
      StringValue === undefined ? [] : [[name, StringValue]],
    ),
  )

/** Those of a kind, the latest first, from `after` on; one more than the limit. With their ids. */
export async function listArchivedLetters(
  db: Db,
  { queue, eventType, messageId }: { queue?: QueueName; eventType?: string; messageId?: string },
  { limit, after }: { limit: number; after: { at: Date; id: string } | null },
): Promise<(ArchivedLetter & { id: string })[]> {
  const rows = await db.prisma.deadLetter.findMany({
    where: {
      ...(queue && { queue }),
      ...(eventType && { eventType }),
      ...(messageId && { messageId }),
      ...(after && { OR: [{ sentAt: { lt: after.at } }, { sentAt: after.at, id: { lt: after.id } }] }),
    },
    orderBy: [{ sentAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  })
  return rows.map(({ queue, attributes, ...row }) => ({
    ...row,
    queue: queue as QueueName,
    attributes: attributes as Record<string, string>,
  }))
}

/** How many were forgotten that died before `before`. */
export const forgetLetters = async (db: Db, before: Date): Promise<number> =>
  (await db.prisma.deadLetter.deleteMany({ where: { sentAt: { lt: before } } })).count
