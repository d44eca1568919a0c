import type { ServiceKey, TopicName } from '@boxoffice/contracts'

/** The services whose archives make up the projection, and their topics. */
export const sources = {
  events: 'event-updates.fifo',
  tickets: 'ticket-events',
  payments: 'payment-events',
} as const satisfies Partial<Record<ServiceKey, TopicName>>
export type Source = keyof typeof sources
export const sourceNames = Object.keys(sources) as Source[]

const LONGEST_PAUSE_S = 30

/** Pause before calling a source again after so many failures in a row, in seconds. */
export const pauseAfter = (attempts: number) => Math.min(LONGEST_PAUSE_S, 2 ** Math.min(attempts, 10) / 2)
