/** Simulated time in milliseconds, and the scheduled events in the order of their time. */
export interface Simulation {
  readonly nowMs: number
  at(ms: number, action: () => void): void
  /** Runs until no event remains. */
  run(): void
}

export function createSimulation(): Simulation {
  // A binary heap by time, then by insertion order.
  const heap: { ms: number; order: number; action: () => void }[] = []
  let [nowMs, order] = [0, 0]
  const isBefore = (a: number, b: number) => {
    const [x, y] = [heap[a], heap[b]]
    return x !== undefined && y !== undefined && (x.ms < y.ms || (x.ms === y.ms && x.order < y.order))
  }
  const swap = (a: number, b: number) => {
    const [x, y] = [heap[a], heap[b]]
    if (x && y) [heap[a], heap[b]] = [y, x]
  }
  function pop() {
    const first = heap[0]
    const last = heap.pop()
    if (heap.length === 0 || !last) return first
    heap[0] = last
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2]
      const least = isBefore(right, left) ? right : left
      if (!isBefore(least, index)) return first
      swap(least, index)
      index = least
    }
  }
  return {
    get nowMs() {
      return nowMs
    },
    at(ms, action) {
      heap.push({ ms: Math.max(ms, nowMs), order: order++, action })
      for (let index = heap.length - 1; index > 0; ) {
        const parent = (index - 1) >> 1
        if (!isBefore(index, parent)) break
        swap(index, parent)
        index = parent
      }
    },
    run() {
      for (let next = pop(); next; next = pop()) {
        nowMs = next.ms
        next.action()
      }
    },
  }
}

export interface Station {
  /** Joins the queue; calls `done` once served. */
  serve(serviceMs: number, done: () => void): void
  readonly busyMs: number
  /** The longest wait before service. */
  readonly longestWaitMs: number
}

/** A queue with several servers, first come, first served. */
export function createStation(simulation: Simulation, servers: number): Station {
  // The next in the queue takes the server that is free first; with known service times that decides
  // everything.
  const freeAtMs = Array.from({ length: Math.max(1, Math.round(servers)) }, () => 0)
  let [busyMs, longestWaitMs] = [0, 0]
  return {
    get busyMs() {
      return busyMs
    },
    get longestWaitMs() {
      return longestWaitMs
    },
    serve(serviceMs, done) {
      let first = 0
      for (let index = 1; index < freeAtMs.length; index++)
        if ((freeAtMs[index] ?? 0) < (freeAtMs[first] ?? 0)) first = index
      const beginMs = Math.max(simulation.nowMs, freeAtMs[first] ?? 0)
      longestWaitMs = Math.max(longestWaitMs, beginMs - simulation.nowMs)
      busyMs += serviceMs
      freeAtMs[first] = beginMs + serviceMs
      simulation.at(beginMs + serviceMs, done)
    },
  }
}

/**
 * Serves items that arrive together in one batch: a fixed cost per batch, a cost per item, and a limit on
 * concurrent batches.
 */
export function createBatches(
  simulation: Simulation,
  {
    inFlightMax,
    batchMax,
    batchMs,
    itemMs,
  }: { inFlightMax: number; batchMax: number; batchMs: number; itemMs: number },
): { serve(items: number, done: () => void): void; readonly longestWaitMs: number } {
  const queue: { items: number; atMs: number; done: () => void }[] = []
  let [head, inFlight, longestWaitMs] = [0, 0, 0]
  function flush(): void {
    if (inFlight >= inFlightMax || head >= queue.length) return
    inFlight++
    const taken: (() => void)[] = []
    let items = 0
    while (head < queue.length && items < batchMax) {
      const next = queue[head++]
      if (!next) break
      items += next.items
      longestWaitMs = Math.max(longestWaitMs, simulation.nowMs - next.atMs)
      taken.push(next.done)
    }
    simulation.at(simulation.nowMs + batchMs + items * itemMs, () => {
      inFlight--
      for (const done of taken) done()
      flush()
    })
    flush()
  }
  return {
    get longestWaitMs() {
      return longestWaitMs
    },
    serve(items, done) {
      queue.push({ items, atMs: simulation.nowMs, done })
      simulation.at(simulation.nowMs, flush) // includes everything that arrives at this moment
    },
  }
}
