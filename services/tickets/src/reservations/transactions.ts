import { isTransient, isUnavailable, RefusedError, refuse, type Transact } from '@boxoffice/service-kit'

const ATTEMPTS = 3
const PAUSE_MS = 30

/**
 * Transactions that are tried again after a deadlock or a lock time-out: every use case is safe to repeat. What still fails
 * is refused with 503. A lost connection is not tried again here: the caller repeats under the same ids.
 */
export function retrying(transact: Transact): Transact {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transact(work)
      } catch (error) {
        if (isUnavailable(error) || !isTransient(error)) throw error
        if (attempt === ATTEMPTS) throw new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'too busy: try again shortly'))
        await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE_MS * (0.5 + Math.random())))
      }
    }
  }
}
