import type { Queue } from '@boxoffice/contracts'

/** When a message that failed is tried again. Both give null where the queue has no waits of its own. */
export interface RetrySchedule {
  /**
   * The wait, in seconds, before another attempt within the same receive: there is one, after the very first
   * attempt.
   */
  withinReceive(receives: number, attempt: number): number | null
  /**
   * How long, in seconds, the message then stays unseen. Nothing after the last receive: SQS moves it to the
   * dead-letter queue when it is asked for it again, and until then the others of its group would wait.
   */
  unseenAfter(receives: number): number | null
  /**
   * Which attempt that is of the message, and how many there are: after the last of them it goes to the
   * dead-letter queue.
   */
  attemptOf(receives: number, attempt: number): { attempt: number; attempts: number }
}

/**
 * With waits of 1, 5 and 15 s and three receives there are four attempts: two in the first receive, one in
 * each of the others.
 */
export const retryScheduleOf = ({
  retryAfterSeconds: waits = [],
  maxReceives,
}: Pick<Queue, 'retryAfterSeconds' | 'maxReceives'>): RetrySchedule => ({
  withinReceive: (receives, attempt) => (receives === 1 && attempt === 1 ? (waits[0] ?? null) : null),
  unseenAfter: (receives) => (waits.length > 0 && receives >= maxReceives ? 0 : (waits[receives] ?? null)),
  attemptOf(receives, attempt) {
    const inFirst = waits.length > 0 ? 2 : 1
    return { attempt: receives === 1 ? attempt : receives - 1 + inFirst, attempts: maxReceives - 1 + inFirst }
  },
})
