import type { Environment } from './environment.ts'
import type { layout } from './leftovers.ts'
import { prepareProgram } from './programs/program.ts'
import { createShutdown } from './shutdown.ts'
import { type Supervised, supervise } from './supervise.ts'

/**
 * Starts things one after the other: times each step, gives each child its files, and registers all of it for
 * the shutdown.
 */
export function createLauncher(options: {
  places: ReturnType<typeof layout>
  log: (line: string) => void
  signal?: AbortSignal
  /** See `Program`. */
  backoffMsMax?: number
}) {
  const { places, log, signal, backoffMsMax } = options
  const shutdown = createShutdown(signal)
  const children = new Map<string, Supervised>()

  return {
    ...shutdown,
    /** Returns the child of that name; throws if there is none. */
    getChild: (name: string): Supervised => {
      const child = children.get(name)
      if (!child) throw new Error(`no process ${name} here`)
      return child
    },
    /** Runs `work` and logs how long it took. Throws at once if the start was aborted. */
    step: async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      signal?.throwIfAborted()
      const startedAt = performance.now()
      const result = await work()
      log(`${name.padEnd(20)}${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s`)
      return result
    },
    /** Resolves when the program is ready; from then on it is restarted whenever it ends. */
    startChild: async (name: string, file: string, env: Environment, readyUrl?: string): Promise<void> => {
      const files = { logFile: places.logFile(name), pidFile: places.pidFile(name) }
      const runnable = await prepareProgram(file, log)
      signal?.throwIfAborted()
      const child = supervise({
        name,
        ...runnable,
        env,
        ...files,
        ...(readyUrl && { readyUrl }),
        backoffMsMax,
        log,
      })
      children.set(name, child)
      shutdown.add(child.stop)
      await child.waitReady()
    },
  }
}
export type Launcher = ReturnType<typeof createLauncher>

/**
 * Like Promise.all, but waits for all of them even if one fails: nothing continues to start in the
 * background.
 */
export async function settled<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}
