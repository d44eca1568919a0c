type Stop = (killAt: number) => Promise<unknown>

const KILL_MS = 8_000

/**
 * What has to be stopped, in layers: the last layer first, all of one layer together, each no later than
 * eight seconds from the start.
 */
export function createShutdown(signal?: AbortSignal) {
  const layers: Stop[][] = [[]]
  let stopping: Promise<void> | null = null

  const stopAll = async () => {
    const killAt = Date.now() + KILL_MS
    for (let layer = layers.pop(); layer; layer = layers.pop()) {
      await Promise.allSettled(layer.map((stop) => stop(killAt)))
    }
    layers.push([])
  }
  // What is being waited for must end, or the start would not notice that it is over. The rest follows in
  // order.
  signal?.addEventListener('abort', () => void layers.at(-1)?.map((stop) => stop(Date.now() + KILL_MS)), {
    once: true,
  })

  return {
    /** Everything that is added from now on is stopped before what is there. */
    nextLayer: () => void layers.push([]),
    add: (stop: Stop) => void layers.at(-1)?.push(stop),
    /** Add what is being started, as soon as it is there. */
    adopt: async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
      const layer = layers.at(-1)
      const started = await starting
      layer?.push(started.stop)
      return started
    },
    /** Stop all of it, once, however often it is called. */
    stop: (): Promise<void> => {
      stopping ??= stopAll()
      return stopping
    },
  }
}
