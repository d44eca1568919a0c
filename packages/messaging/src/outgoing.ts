import type { Destination } from '@boxoffice/contracts'

/**
 * The attribute of a message of a FIFO topic that is published again: when. AWS drops a second message with
 * the same deduplication id within five minutes.
 */
export const REPUBLISHED_ATTRIBUTE = 'republishedAt'

/** An outbox row to be published. */
export interface Outgoing {
  readonly messageId: string
  readonly topic: Destination
  readonly body: string
  readonly attributes: Record<string, string>
  /** The group that keeps its order; null if order does not matter. */
  readonly group: string | null
  readonly attempts: number
  /** The lease under which this process publishes it. */
  readonly lease: string
}
