import { AsyncLocalStorage } from 'node:async_hooks'
import type { Logger } from './logging.ts'
import type { Worker } from './worker.ts'

/**
 * A worker that runs `sweep` repeatedly, never twice at once: while there is more, after a pause that leaves
 * it `share` of the time, else after `intervalMs` with a tenth of jitter (instances should not sweep
 * together). A failed sweep is logged and retried.
 */
export function createSweeper(options: {
  name: string
  intervalMs: number
  sweep(): Promise<{ more: boolean } | undefined>
  logger: Logger
  /** 1, the default, never pauses. */
  share?: number
}): Worker & { nudge(): void } {
  const restOf = (tookMs: number) => tookMs * (1 / (options.share ?? 1) - 1)
  // The caller of `nudge` handles a request or message; the sweep does not belong to it.
  const outside = AsyncLocalStorage.snapshot()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | null = null
  let again = false
  let stopped = true

  async function run(): Promise<void> {
    try {
      const result = await options.sweep()
      if (result?.more) again = true
    } catch (error) {
      options.logger.warn(
        { err: error, sweeper: options.name, waitMs: options.intervalMs },
        'sweep failed, will be retried',
      )
    }
  }

  function begin(): void {
    again = false
    const beganMs = performance.now()
    running = run().finally(() => {
      running = null
      schedule(
        again ? restOf(performance.now() - beganMs) : options.intervalMs * (0.95 + Math.random() * 0.1),
      )
    })
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer)
    if (stopped) return
    timer = setTimeout(() => outside(begin), delayMs)
  }

  return {
    name: options.name,
    start() {
      stopped = false
      schedule(0)
    },
    /** Sweeps now rather than at the next interval. */
    nudge() {
      if (running) again = true
      else schedule(0)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
