import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

/**
 * Node.js processes of a test file. Each is there when it says that it is ready; `end` in an `after` hook
 * leaves none behind.
 */
export function createChildren() {
  const started: ChildProcess[] = []

  /** Resolves when it is gone, also where it was already. */
  const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    /**
     * `env` is this process’s own where none is given. Rejects when it ends before it has said that it is
     * ready.
     */
    async start(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<ChildProcess> {
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      started.push(child)
      const endsFirst = once(child, 'exit').then(([code, signal]) => {
        throw new Error(`${args.at(-1)} ended (${signal ?? code}) before it was ready`)
      })
      await Promise.race([once(child, 'message'), endsFirst])
      return child
    },
    kill,
    async end(): Promise<void> {
      await Promise.all(started.splice(0).map((child) => kill(child)))
    },
  }
}
