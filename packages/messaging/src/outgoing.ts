import type { Destination } from '@boxoffice/contracts'

/** A message as it stands in the outbox, to be published. */
export interface Outgoing {
  readonly messageId: string
  readonly topic: Destination
  readonly body: string
  readonly attributes: Record<string, string>
  /** Of messages that are kept in order among themselves. */
  readonly group: string | null
  readonly attempts: number
  /** Under which it is ours to publish. */
  readonly lease: string
}
