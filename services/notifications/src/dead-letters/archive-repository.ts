import type { ArchivedLetter, QueueName } from '@boxoffice/contracts'
import type { DeadLetter } from '@boxoffice/messaging'
import type { Db } from '../database.ts'
import { derivedId } from '../notifications/derived-id.ts'

/** The id of a letter. A redriven letter that dies again gets a new one. */
const idOf = ({ sqs }: DeadLetter) => derivedId(`dead letter ${sqs.MessageId}`)

/**
 * Stores the letters that are not in the archive yet, and returns these. `bodyOf` returns the part of a body
 * that may be kept, or null.
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

/** Lists archived letters that match, the latest first, starting after `after`; one more than the limit. */
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

/** Deletes the letters that were sent before `before` and returns their number. */
export const deleteLettersBefore = async (db: Db, before: Date): Promise<number> =>
  (await db.prisma.deadLetter.deleteMany({ where: { sentAt: { lt: before } } })).count
