export interface ConcurrencyLimitOptions {
  /** Tasks that run at once. */
  readonly concurrent: number
  /** How many more may wait; unlimited by default. */
  readonly waitingMax?: number
  /** How long each may wait; without limit by default. */
  readonly waitMs?: number
  /** The error for a task that finds too many waiting, or has waited too long. It has not begun. */
  readonly refusal?: () => Error
}

export interface ConcurrencyLimit {
  /** Runs `work` when a permit is free, in order of arrival. Rejects with the refusal, and as `work` does. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Claims a permit; null if none is free. The function it returns releases it, once. */
  claim(): (() => void) | null
  free(): number
  /** Resolves when the next permit is released. */
  released(): Promise<void>
  /** Whether no task runs and none waits. */
  isIdle(): boolean
}

const tooMany = () => new Error('too many are waiting already')

/**
 * A concurrency limit within one process: a semaphore, with `concurrent: 1` a mutex. The others wait in
 * order, as many and as long as the options allow.
 */
export function createConcurrencyLimit(options: ConcurrencyLimitOptions): ConcurrencyLimit {
  const { concurrent, waitingMax = Number.POSITIVE_INFINITY, waitMs, refusal = tooMany } = options
  let taken = 0
  const queue: (() => void)[] = []
  let watchers: (() => void)[] = []

  function wait(): Promise<void> {
    if (queue.length >= waitingMax) return Promise.reject(refusal())
    return new Promise((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer)
        resolve()
      }
      const giveUp = () => {
        queue.splice(queue.indexOf(admit), 1) // the first: all wait equally long
        reject(refusal())
      }
      const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs)
      queue.push(admit)
    })
  }

  /** The permit goes straight to the next in line: a later arrival cannot take it. */
  function leave(): void {
    const admitNext = queue.shift()
    if (admitNext) admitNext()
    else taken--
    const released = watchers
    if (released.length > 0) watchers = []
    for (const tell of released) tell()
  }

  return {
    async run(work) {
      if (taken < concurrent) taken++
      else await wait()
      try {
        return await work()
      } finally {
        leave()
      }
    },
    claim() {
      if (taken >= concurrent) return null
      taken++
      let isHeld = true
      return () => {
        if (isHeld) leave()
        isHeld = false
      }
    },
    free: () => concurrent - taken,
    released: () => new Promise((resolve) => watchers.push(resolve)),
    isIdle: () => taken === 0,
  }
}

/** A limit for each key, such as a user's id. A key takes no memory while nothing runs or waits under it. */
export function createConcurrencyLimitByKey<Key>(options: ConcurrencyLimitOptions) {
  const limits = new Map<Key, ConcurrencyLimit>()
  const limitOf = (key: Key): ConcurrencyLimit => {
    const known = limits.get(key)
    if (known) return known
    const limit = createConcurrencyLimit(options)
    limits.set(key, limit)
    return limit
  }
  const forget = (key: Key, limit: ConcurrencyLimit) => {
    if (limit.isIdle() && limits.get(key) === limit) limits.delete(key)
  }
  return {
    /** As `run` of a limit. */
    async run<T>(key: Key, work: () => Promise<T>): Promise<T> {
      const limit = limitOf(key)
      try {
        return await limit.run(work)
      } finally {
        forget(key, limit)
      }
    },
    /** As `claim` of a limit. */
    claim(key: Key): (() => void) | null {
      const limit = limitOf(key)
      const release = limit.claim()
      if (!release) return null
      return () => {
        release()
        forget(key, limit)
      }
    },
    /** Keys under which a task runs or waits. */
    size: () => limits.size,
  }
}
export type ConcurrencyLimitByKey<Key> = ReturnType<typeof createConcurrencyLimitByKey<Key>>
