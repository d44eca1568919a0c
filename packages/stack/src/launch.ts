import type { Environment } from './environment.ts'
import type { layout } from './leftovers.ts'
import { prepareProgram } from './programs/program.ts'
import { createShutdown } from './shutdown.ts'
import { type Supervised, supervise } from './supervise.ts'

/**
 * Starting things one after the other: each step with its time, each child with its files, all of it in a
 * shutdown.
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
    /** The child of that name; throws when there is none. */
    getChild: (name: string): Supervised => {
      const child = children.get(name)
      if (!child) throw new Error(`no process ${name} here`)
      return child
    },
    /** Do `work` and log how long it took. Throws at once when the start was given up. */
    step: async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      signal?.throwIfAborted()
      const startedAt = performance.now()
      const result = await work()
      log(`${name.padEnd(20)}${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s`)
      return result
    },
    /** Resolves when the program is ready; from then on it is brought back whenever it ends. */
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
 * As Promise.all, but it waits for all of them also when one fails: nothing goes on starting behind our back.
 */
export async function settled<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}
