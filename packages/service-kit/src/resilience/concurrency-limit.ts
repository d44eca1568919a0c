export interface ConcurrencyLimitOptions {
  /** Pieces of work that run at once. */
  readonly concurrent: number
  /** How many more may wait; unbounded where none is given. */
  readonly waitingMax?: number
  /** How long each may wait; for ever where none is given. */
  readonly waitMs?: number
  /** What is thrown at work that finds too many waiting, or has waited too long. It was not begun. */
  readonly refusal?: () => Error
}

export interface ConcurrencyLimit {
  /**
   * Run `work` when a place is free, in the order of arrival. Rejects with the refusal, and as `work` does.
   */
  run<T>(work: () => Promise<T>): Promise<T>
  /** A place from now on; null while none is free. What it returns gives the place back, once. */
  claim(): (() => void) | null
  free(): number
  /** Resolves when the next place is given back. */
  released(): Promise<void>
  /** Whether no work runs and none waits. */
  isIdle(): boolean
}

const tooMany = () => new Error('too many wait for a place already')

/**
 * The one concurrency limit of a process, a semaphore; with `concurrent: 1` a mutex. So many run at once, the
 * others wait in their order, so many and so long as the options say.
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

  /** The place goes straight to the next in line: no one who arrives meanwhile takes it. */
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

/** A limit for each key, such as a user's id. A key costs nothing while nothing runs or waits under it. */
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
    /** Keys under which something runs or waits. */
    size: () => limits.size,
  }
}
export type ConcurrencyLimitByKey<Key> = ReturnType<typeof createConcurrencyLimitByKey<Key>>
