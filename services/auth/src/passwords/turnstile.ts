/** Rejected: as many as may wait do so already. */
export class TurnstileFull extends Error {}

/** Runs `work` when its turn comes, in the order of arrival. Rejects with TurnstileFull at once when too many wait. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>

/** Lets `concurrent` pieces of work run at once and `waiting` more wait for their turn. */
export function createTurnstile({ concurrent, waiting }: { concurrent: number; waiting: number }): Turnstile {
  let running = 0
  const queue: (() => void)[] = []

  return async (work) => {
    if (running < concurrent) running++
    else if (queue.length < waiting) await new Promise<void>((resolve) => queue.push(resolve))
    else throw new TurnstileFull('too many wait already')
    try {
      return await work()
    } finally {
      // The place goes straight to the next in line, so that nobody who comes in between takes it.
      const next = queue.shift()
      if (next) next()
      else running--
    }
  }
}
