import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

/**
 * Starts Node.js processes for a test file. Each resolves when it reports that it is ready; call `end` in an
 * `after` hook to stop them all.
 */
export function createChildren() {
  const started: ChildProcess[] = []

  /** Resolves once the process has exited, or if it already had. */
  const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    /**
     * `env` defaults to this process's own. Rejects if the process exits before it reports that it is ready.
     */
    async start(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<ChildProcess> {
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      started.push(child)
      const endsFirst = once(child, 'exit').then(([code, signal]) => {
        throw new Error(`${args.at(-1)} exited (${signal ?? code}) before it was ready`)
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
