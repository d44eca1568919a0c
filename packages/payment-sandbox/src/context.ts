import type { Tx } from './database.ts'
import type { Answer } from './errors.ts'

/** The Stripe API version that the sandbox implements. */
export const API_VERSION = '2026-10-28.endive'

/** Dependencies of an execution. */
export interface Context {
  /** Milliseconds since 1970. */
  now(): number
  /** Generates an id, such as `pi_…` for `pi`. */
  newId(prefix: string): string
  /** Whether a webhook receiver is configured. */
  hasWebhooks: boolean
}

/** The current request, as recorded in events. */
export interface RequestInfo {
  id: string
  idempotencyKey: string | null
}

/** The result of an execution, and how its response is delivered: sent, withheld, or replaced by a 500. */
export interface Result extends Answer {
  reply: 'sent' | 'withheld' | 'lost'
}

/** A validated request, to be executed after `delayMs` in one transaction. */
export interface Work {
  delayMs: number
  run(tx: Tx, request: RequestInfo): Result
}

export const sent = (answer: Answer): Result => ({ ...answer, reply: 'sent' })

/** Stripe's times are whole seconds. */
export const seconds = (ms: number) => Math.floor(ms / 1000)
