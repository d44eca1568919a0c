import { isTransient, isUnavailable, RefusedError, refuse, type Transact, type Tx, violatedUnique } from '@boxoffice/service-kit'

const ATTEMPTS = 3
const PAUSE_MS = 30

/** Transactions that are tried again: see `retryTransient`. */
export const retrying =
  (transact: Transact): Transact =>
  (work) =>
    retryTransient(() => transact(work))

/**
 * Try again after a deadlock, a lock time-out, or where another transaction was faster to claim a seat: every use case is safe to
 * repeat. What still fails is refused with 503. A lost connection is not tried again here: the caller repeats under the same ids.
 */
export async function retryTransient<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      const isPassing = isTransient(error) || violatedUnique(error) === 'seat_claims_pkey'
      if (isUnavailable(error) || !isPassing) throw error
      if (attempts === ATTEMPTS) throw new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'too busy: try again shortly'))
      await new Promise((resolve) => setTimeout(resolve, attempts * PAUSE_MS * (0.5 + Math.random())))
    }
  }
}

/** A transaction, and what follows from it once it is committed. */
export interface TxWithEffects extends Tx {
  /** Do this after the commit; what it does must not reject. After a roll-back nothing is done. */
  afterCommit(effect: () => Promise<void>): void
}

/** Transactions with effects on what is no part of the database, such as the picture in Redis. */
export const withEffects =
  (transact: Transact) =>
  async <T>(work: (tx: TxWithEffects) => Promise<T>): Promise<T> => {
    const effects: (() => Promise<void>)[] = []
    const result = await transact((tx) => {
      effects.length = 0 // of an attempt that was rolled back
      return work({ query: tx.query, afterCommit: (effect) => void effects.push(effect) })
    })
    for (const effect of effects) await effect()
    return result
  }
