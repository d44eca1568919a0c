import type { QueueName } from '@boxoffice/contracts'

/** The last alert to operators about a dead-letter queue; `alertedAt` null: nothing yet. */
export interface Watch {
  letters: number
  alerts: number
  alertedAt: Date | null
}

/** The reason for an alert. */
export type Occasion = 'APPEARED' | 'GREW' | 'REMAIN' | 'GONE'

const REMIND_MS = 3_600_000

/**
 * Returns why `letters` need an alert: the first letters, more of them, an hour since the last alert, or none
 * any more. Returns null otherwise.
 */
export function occasionOf(before: Watch | null, letters: number, now: Date): Occasion | null {
  const known = before?.letters ?? 0
  if (letters === 0) return known > 0 ? 'GONE' : null
  if (known === 0) return 'APPEARED'
  if (letters > known) return 'GREW'
  const isLongAgo = !before?.alertedAt || now.getTime() - before.alertedAt.getTime() >= REMIND_MS
  return isLongAgo ? 'REMAIN' : null
}

/** Queues whose letters may mean money without tickets. */
const aboutMoney: readonly QueueName[] = ['payment-processing-queue', 'order-commands.fifo']

export const severityOf = (queue: QueueName, occasion: Occasion) =>
  occasion !== 'GONE' && aboutMoney.includes(queue) ? ('CRITICAL' as const) : ('WARNING' as const)

export function titleOf(deadLetterQueue: string, occasion: Occasion, letters: number): string {
  if (occasion === 'GONE') return `${deadLetterQueue} is empty again`
  const count = `${letters} dead letter${letters === 1 ? '' : 's'}`
  const still = occasion === 'REMAIN' ? 'still ' : occasion === 'GREW' ? 'now ' : ''
  return `${deadLetterQueue} has ${still}${count}`
}
