import type { ServiceKey, TopicName } from '@boxoffice/contracts'

/** Whose archives a projection is made of, and by which topic of theirs. */
export const sources = {
  events: 'event-updates.fifo',
  tickets: 'ticket-events',
  payments: 'payment-events',
} as const satisfies Partial<Record<ServiceKey, TopicName>>
export type Source = keyof typeof sources
export const sourceNames = Object.keys(sources) as Source[]

const LONGEST_PAUSE_S = 30

/** How long a source that failed so many times in a row is left alone, in seconds. */
export const pauseAfter = (attempts: number) => Math.min(LONGEST_PAUSE_S, 2 ** Math.min(attempts, 10) / 2)
