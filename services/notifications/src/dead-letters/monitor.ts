import { opsAlert, type QueueName, queueNames, queues } from '@boxoffice/contracts'
import type { Aws, Messaging } from '@boxoffice/messaging'
import { createSweeper, type Foundation, type Worker, withCorrelationId } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { forgetLetters } from './archive-repository.ts'
import { lookThrough, type Sample } from './look-through.ts'
import { occasionOf, severityOf, titleOf } from './watch.ts'
import { findWatch, lockWatch, saveWatch } from './watch-repository.ts'

/** Shows how many letters a dead-letter queue has. */
export interface DeadLetterGauge {
  set(labels: { queue: string }, letters: number): void
}

interface MonitorOptions extends Pick<Foundation, 'logger' | 'now' | 'newId'> {
  db: Database
  messaging: Pick<Messaging, 'append' | 'queueDepth'>
  aws: Aws
  deadLetters: DeadLetterGauge
  checkMs: number
  /** How long a dead letter is remembered. */
  keepMs: number
}

/**
 * Looks at every dead-letter queue and tells people, on `ops-alerts`, once for each change and once an hour
 * while letters stay. Each letter is written down, to be found when its queue has it no more. What was told
 * is remembered in the database: two instances and a restart do not tell it again.
 */
export function createDeadLetterMonitor(options: MonitorOptions): Worker & { check(): Promise<void> } {
  const { db, messaging, logger, now } = options

  async function check(): Promise<void> {
    for (const queue of queueNames) {
      await checkQueue(queue).catch((error) => {
        logger.warn({ err: error, queue }, 'reading a dead-letter queue failed, will be retried')
      })
    }
    await forgetLetters(db, new Date(now().getTime() - options.keepMs))
  }

  async function checkQueue(queue: QueueName): Promise<void> {
    const depth = await messaging.queueDepth(queues[queue].deadLetterQueue)
    if (!depth) return
    const letters = depth.visible + depth.inFlight
    options.deadLetters.set({ queue }, letters)
    const before = await findWatch(db, queue)
    if ((before?.letters ?? 0) === letters && occasionOf(before, letters, now()) === null) return
    // Read before anything is locked; of an empty queue there is nothing to read.
    const sample = letters > 0 ? await lookThrough(options, queue) : null
    if (letters > 0 && !sample) return // somebody else has them in hand, perhaps to tell of them: at the next look
    await withCorrelationId(options.newId(), () => tell(queue, letters, sample))
  }

  async function tell(queue: QueueName, letters: number, sample: Sample | null): Promise<void> {
    const { deadLetterQueue } = queues[queue]
    await options.db.transact(async (tx) => {
      const at = now()
      const before = await lockWatch(tx, queue, at)
      const occasion = occasionOf(before, letters, at)
      const alerts = before.alerts + (occasion ? 1 : 0)
      await saveWatch(tx, queue, { letters, alerts, alertedAt: occasion ? at : before.alertedAt }, at)
      if (!occasion) return
      const detail = { queue, deadLetterQueue, letters, ...sample }
      const alert = {
        severity: severityOf(queue, occasion),
        title: titleOf(deadLetterQueue, occasion, letters),
      }
      const payload = { ...alert, source: 'notification-service', detail: { occasion, ...detail } }
      await messaging.append(tx, opsAlert, payload, { aggregateVersion: alerts })
      if (occasion === 'GONE') logger.info(detail, alert.title)
      else logger.error(detail, alert.title)
    })
  }

  const sweep = () => check().then(() => undefined)
  return {
    ...createSweeper({ name: 'dead-letter monitor', intervalMs: options.checkMs, sweep, logger }),
    check,
  }
}
