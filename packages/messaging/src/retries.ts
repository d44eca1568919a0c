import type { Queue } from '@boxoffice/contracts'

/** When a failed message is retried. Both waits are null if the queue does not define its own. */
export interface RetrySchedule {
  /**
   * Returns the seconds to wait before another attempt within the same receive; there is one only after the
   * first attempt.
   */
  withinReceive(receiveCount: number, attempt: number): number | null
  /**
   * Returns how many seconds the message then stays invisible. 0 after the last receive: SQS moves it to the
   * dead-letter queue at the next one, and until then its group would wait.
   */
  unseenAfter(receiveCount: number): number | null
  /**
   * Returns the number of this attempt and of all attempts; after the last one the message is dead-lettered.
   */
  attemptOf(receiveCount: number, attempt: number): { attempt: number; attempts: number }
}

/**
 * Waits of 1, 5 and 15 s with three receives give four attempts: two in the first receive, one in each of the
 * others.
 */
export const retryScheduleOf = ({
  retryAfterSeconds: waits = [],
  maxReceives,
}: Pick<Queue, 'retryAfterSeconds' | 'maxReceives'>): RetrySchedule => ({
  withinReceive: (receiveCount, attempt) => (receiveCount === 1 && attempt === 1 ? (waits[0] ?? null) : null),
  unseenAfter: (receiveCount) =>
    waits.length > 0 && receiveCount >= maxReceives ? 0 : (waits[receiveCount] ?? null),
  attemptOf(receiveCount, attempt) {
    const inFirst = waits.length > 0 ? 2 : 1
    return {
      attempt: receiveCount === 1 ? attempt : receiveCount - 1 + inFirst,
      attempts: maxReceives - 1 + inFirst,
    }
  },
})
