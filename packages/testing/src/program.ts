import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Exit code and signal; one of them is null. */
export type Exit = [number | null, NodeJS.Signals | null]

export interface Program {
  /** How it ended. */
  readonly ended: Promise<Exit>
  /** What it has written so far, logs and errors. */
  logged(): string
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<Exit>
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<Exit>
}

/**
 * A Node.js program as a process of its own, which a test can stop and kill. Resolves when it says that it is
 * ready; rejects with what it has written when it ends before.
 */
export async function startProgram(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Program> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let written = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (written += chunk))
  const ended = once(child, 'exit') as Promise<Exit>
  const closed = once(child, 'close') // all that it wrote has been read
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
