import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'

/** A server in a process of its own that has said where it listens. It ends with `stop`, or with us. */
export interface ChildServer {
  url: string
  pid: number
  stop(): Promise<void>
}

/** Starts a program that sends `{ port }` once it serves; rejects when it ends before that. */
export async function startChildServer(
  program: string,
  args: readonly string[],
  options: ForkOptions = {},
): Promise<ChildServer> {
  const child = fork(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...options })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} has ended with ${code}`)))
  })
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => end(child) }
}

/** By its channel; with a signal when that is not enough. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(timer)
}
