import { opsAlert, type QueueName, queueNames, queues } from '@boxoffice/contracts'
import type { Aws, Messaging } from '@boxoffice/messaging'
import { createSweeper, type Foundation, type Worker, withCorrelationId } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { deleteLettersBefore } from './archive-repository.ts'
import { type Sample, scanDeadLetters } from './scan.ts'
import { occasionOf, severityOf, titleOf } from './watch.ts'
import { findWatch, lockWatch, saveWatch } from './watch-repository.ts'

/** The gauge of letters per dead-letter queue. */
export interface DeadLetterGauge {
  set(labels: { queue: string }, letters: number): void
}

interface MonitorOptions extends Pick<Foundation, 'logger' | 'now' | 'newId'> {
  db: Database
  messaging: Pick<Messaging, 'append' | 'queueDepth'>
  aws: Aws
  deadLetters: DeadLetterGauge
  checkMs: number
  /** How long dead letters stay in the archive. */
  keepMs: number
}

/**
 * Checks every dead-letter queue and alerts operators on `ops-alerts`: once for each change, and hourly while
 * letters remain. Archives each letter, so that it can be found after its queue has lost it. The last alert
 * is stored in the database, so that other instances and restarts do not repeat it.
 */
export function createDeadLetterMonitor(options: MonitorOptions): Worker & { check(): Promise<void> } {
  const { db, messaging, logger, now } = options

  async function check(): Promise<void> {
    for (const queue of queueNames) {
      await checkQueue(queue).catch((error) => {
        logger.warn({ err: error, queue }, 'reading a dead-letter queue failed, will be retried')
      })
    }
    await deleteLettersBefore(db, new Date(now().getTime() - options.keepMs))
  }

  async function checkQueue(queue: QueueName): Promise<void> {
    const depth = await messaging.queueDepth(queues[queue].deadLetterQueue)
    if (!depth) return
    const letters = depth.visible + depth.inFlight
    options.deadLetters.set({ queue }, letters)
    const before = await findWatch(db, queue)
    if ((before?.letters ?? 0) === letters && occasionOf(before, letters, now()) === null) return
    // Scan before the lock is taken; an empty queue has nothing to scan.
    const sample = letters > 0 ? await scanDeadLetters(options, queue) : null
    if (letters > 0 && !sample) return // another reader holds them, perhaps to alert: wait for the next check
    await withCorrelationId(options.newId(), () => alert(queue, letters, sample))
  }

  async function alert(queue: QueueName, letters: number, sample: Sample | null): Promise<void> {
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
