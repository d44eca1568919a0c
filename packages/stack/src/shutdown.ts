type Stop = (killAt: number) => Promise<unknown>

const KILL_MS = 8_000

/**
 * Stops things in layers: the last layer first, each layer together, each no later than eight seconds from
 * the start.
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
  // A pending start must end, or it would not notice the shutdown. The rest follows in order.
  signal?.addEventListener('abort', () => void layers.at(-1)?.map((stop) => stop(Date.now() + KILL_MS)), {
    once: true,
  })

  return {
    /** Adds a layer, which is stopped before the existing ones. */
    nextLayer: () => void layers.push([]),
    add: (stop: Stop) => void layers.at(-1)?.push(stop),
    /** Adds what is being started, as soon as it exists. */
    adopt: async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
      const layer = layers.at(-1)
      const started = await starting
      layer?.push(started.stop)
      return started
    },
    /** Stops everything, once, however often it is called. */
    stop: (): Promise<void> => {
      stopping ??= stopAll()
      return stopping
    },
  }
}
