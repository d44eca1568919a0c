import type { Tx } from './database.ts'
import type { Answer } from './errors.ts'

/** The Stripe API version whose shapes the sandbox shows. */
export const API_VERSION = '2026-10-28.endive'

/** What execution needs from outside. */
export interface Context {
  /** Milliseconds since 1970. */
  now(): number
  /** A fresh id, such as `pi_…` for `pi`. */
  newId(prefix: string): string
  /** Whether there is somebody to deliver webhooks to. */
  hasWebhooks: boolean
}

/** The request that is being executed, as events remember it. */
export interface RequestInfo {
  id: string
  idempotencyKey: string | null
}

/** What an execution came to, and what becomes of its answer: given, withheld for ever, or lost to a 500. */
export interface Result extends Answer {
  reply: 'given' | 'withheld' | 'lost'
}

/** A request whose parameters are in order, ready to be executed: after `delayMs`, in one transaction. */
export interface Work {
  delayMs: number
  run(tx: Tx, request: RequestInfo): Result
}

export const given = (answer: Answer): Result => ({ ...answer, reply: 'given' })

/** Stripe's times are whole seconds. */
export const seconds = (ms: number) => Math.floor(ms / 1000)
