import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'

/** A server in its own process that has reported its port. It ends with `stop`, or with the parent. */
export interface ChildServer {
  url: string
  pid: number
  stop(): Promise<void>
}

/** Starts a program that sends `{ port }` once it serves; rejects if it exits before that. */
export async function startChildServer(
  program: string,
  args: readonly string[],
  options: ForkOptions = {},
): Promise<ChildServer> {
  const child = fork(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...options })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} exited with ${code}`)))
  })
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => end(child) }
}

/** Ends a child by closing its IPC channel, or with SIGKILL after 5 s. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(timer)
}
