/** Simulated time in milliseconds; what is to happen, in the order of its time. */
export interface Simulation {
  readonly nowMs: number
  at(ms: number, happen: () => void): void
  /** Until nothing is left to happen. */
  run(): void
}

export function createSimulation(): Simulation {
  // A binary heap by time, then by order of being asked for.
  const heap: { ms: number; order: number; happen: () => void }[] = []
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
    at(ms, happen) {
      heap.push({ ms: Math.max(ms, nowMs), order: order++, happen })
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
        next.happen()
      }
    },
  }
}

export interface Station {
  /** Takes a place in its queue; `done` when it was served. */
  serve(serviceMs: number, done: () => void): void
  readonly busyMs: number
  /** The longest that anything waited before it was served. */
  readonly longestWaitMs: number
}

/** So many servers with one queue, first come, first served. */
export function createStation(simulation: Simulation, servers: number): Station {
  // Whoever comes takes the server that is free first: with one queue and known service times that is all
  // there is to know.
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
 * What comes together is served together: so many batches at once, each with a fixed price and one for every
 * item.
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
      simulation.at(simulation.nowMs, flush) // with all that comes at this moment
    },
  }
}
