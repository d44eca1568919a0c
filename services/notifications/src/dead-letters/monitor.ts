import { opsAlert, type QueueName, queueNames, queues } from '@boxoffice/contracts'
import { type Aws, type DeadLetter, type Messaging, readLetters, releaseLetters } from '@boxoffice/messaging'
import { createSweeper, type Foundation, sqlOf, type Worker, withCorrelationId } from '@boxoffice/service-kit'
import type { PrismaClient } from '../generated/prisma/client.ts'
import type { Transact } from '../transaction.ts'
import { occasionOf, severityOf, titleOf } from './watch.ts'
import { findWatch, lockWatch, saveWatch } from './watch-repository.ts'

/** Shows how many letters a dead-letter queue has. */
export interface DeadLetterGauge {
  set(labels: { queue: string }, letters: number): void
}

interface MonitorOptions extends Pick<Foundation, 'logger' | 'now' | 'newId'> {
  prisma: PrismaClient
  transact: Transact
  messaging: Pick<Messaging, 'append' | 'queueDepth'>
  aws: Aws
  deadLetters: DeadLetterGauge
  checkMs: number
}

/** What a few of the letters say of themselves: types and reasons, never what is in them. */
interface Sample {
  eventTypes: Record<string, number>
  reasons: string[]
  oldestSentAt: string | null
}

/**
 * Looks at every dead-letter queue and tells people, on `ops-alerts`, once for each change and once an hour while letters stay.
 * What was told is remembered in the database: two instances and a restart do not tell it again.
 */
export function createDeadLetterMonitor(options: MonitorOptions): Worker & { check(): Promise<void> } {
  const { prisma, messaging, logger, now } = options

  async function check(): Promise<void> {
    for (const queue of queueNames) {
      await checkQueue(queue).catch((error) => {
        logger.warn({ err: error, queue }, 'a dead-letter queue could not be looked at; it is looked at again')
      })
    }
  }

  async function checkQueue(queue: QueueName): Promise<void> {
    const depth = await messaging.queueDepth(queues[queue].deadLetterQueue)
    if (!depth) return
    const letters = depth.visible + depth.inFlight
    options.deadLetters.set({ queue }, letters)
    const before = await findWatch(prisma, queue)
    if ((before?.letters ?? 0) === letters && occasionOf(before, letters, now()) === null) return
    // Read before anything is locked; of an empty queue there is nothing to read.
    const sample = letters > 0 ? await takeSample(options.aws, queue) : null
    await withCorrelationId(options.newId(), () => tell(queue, letters, sample))
  }

  async function tell(queue: QueueName, letters: number, sample: Sample | null): Promise<void> {
    const { deadLetterQueue } = queues[queue]
    await options.transact(async (tx) => {
      const at = now()
      const before = await lockWatch(tx, queue, at)
      const occasion = occasionOf(before, letters, at)
      const alerts = before.alerts + (occasion ? 1 : 0)
      await saveWatch(tx, queue, { letters, alerts, alertedAt: occasion ? at : before.alertedAt }, at)
      if (!occasion) return
      const detail = { queue, deadLetterQueue, letters, ...sample }
      const alert = { severity: severityOf(queue, occasion), title: titleOf(deadLetterQueue, occasion, letters) }
      const payload = { ...alert, source: 'notification-service', detail: { occasion, ...detail } }
      await messaging.append(sqlOf(tx), opsAlert, payload, { aggregateVersion: alerts })
      if (occasion === 'GONE') logger.info(detail, alert.title)
      else logger.error(detail, alert.title)
    })
  }

  const sweep = () => check().then(() => undefined)
  return { ...createSweeper({ name: 'dead-letter monitor', intervalMs: options.checkMs, sweep, logger }), check }
}

/** Ten letters at most; they are given back at once. */
async function takeSample(aws: Aws, queue: QueueName): Promise<Sample> {
  const letters = await firstLetters(aws, queue)
  await releaseLetters(aws, queue, letters)
  const byType = Object.entries(Object.groupBy(letters, ({ eventType }) => eventType))
  const sentAt = letters.map((letter) => letter.sentAt.getTime())
  return {
    eventTypes: Object.fromEntries(byType.map(([eventType, some = []]) => [eventType, some.length])),
    reasons: [...new Set(letters.map(({ reason }) => reason ?? 'received too often without success'))],
    oldestSentAt: sentAt.length > 0 ? new Date(Math.min(...sentAt)).toISOString() : null,
  }
}

async function firstLetters(aws: Aws, queue: QueueName): Promise<readonly DeadLetter[]> {
  for await (const letters of readLetters(aws, queue)) return letters
  return []
}
