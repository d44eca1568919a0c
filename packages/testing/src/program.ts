import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Exit code and signal; one of them is null. */
export type Exit = [number | null, NodeJS.Signals | null]

export interface Program {
  /** Resolves with the exit. */
  readonly ended: Promise<Exit>
  /** Returns its output so far, stdout and stderr. */
  logged(): string
  /** Sends SIGTERM; resolves when it has exited. */
  stop(): Promise<Exit>
  /** Sends SIGKILL; resolves when it has exited. */
  kill(): Promise<Exit>
}

/**
 * Starts a Node.js program in its own process that a test can stop and kill. Resolves when it reports that
 * it is ready; rejects with its output if it exits before.
 */
export async function startProgram(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Program> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let written = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (written += chunk))
  const ended = once(child, 'exit') as Promise<Exit>
  const closed = once(child, 'close') // all of its output has been read
  const send = (signal: NodeJS.Signals) => () => {
    child.kill(signal)
    return ended
  }
  const isReady = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)])
  if (!isReady) {
    await closed
    throw new Error(`the process did not start:\n${written}`)
  }
  return { ended, logged: () => written, stop: send('SIGTERM'), kill: send('SIGKILL') }
}
