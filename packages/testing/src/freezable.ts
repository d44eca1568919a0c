import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { freeze } from './freeze.ts'
import { claimPort } from './ports.ts'
import { pause } from './timings.ts'

/** Answers every request with the same response. */
const SERVER = `
const [port, contentType, body] = process.argv.slice(1)
require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': contentType }).end(body))
}).listen(Number(port), '127.0.0.1', () => process.send('ready'))
`

/**
 * Starts a server in its own process that answers every request with a fixed response, and that can be
 * frozen (SIGSTOP): it then accepts calls and hangs.
 */
export async function startFreezable(answer: { contentType: string; body: string }) {
  const port = await claimPort()
  const child = spawn(process.execPath, ['-e', SERVER, '--', String(port), answer.contentType, answer.body], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const gone = once(child, 'exit')
  const ready = await Promise.race([once(child, 'message').then(() => true), gone.then(() => false)])
  if (!ready) throw new Error('the server exited before it was ready')
  return {
    url: `http://127.0.0.1:${port}`,
    freeze: () => freeze(child.pid as number),
    thaw: () => void child.kill('SIGCONT'),
    async end(): Promise<void> {
      child.kill('SIGKILL')
      await gone
    },
  }
}
export type Freezable = Awaited<ReturnType<typeof startFreezable>>

/** The pace of calls: sequential, overlapping, or all at once. */
export type Pace = 'trickle' | 'stream' | 'burst'
const BURST = 12
const STREAM_MS = 10

/**
 * Calls a service at this pace until `isOpen`, at most a hundred times; returns the number of calls. `ask`
 * must resolve whether or not the call succeeds.
 */
export async function callUntilOpen(
  pace: Pace,
  ask: () => Promise<unknown>,
  isOpen: () => boolean,
): Promise<number> {
  const asked: Promise<unknown>[] = []
  while (!isOpen() && asked.length < 100) {
    if (pace === 'burst') {
      asked.push(...Array.from({ length: BURST }, ask))
      await Promise.all(asked)
    } else {
      asked.push(ask())
      await (pace === 'trickle' ? asked.at(-1) : pause(STREAM_MS))
    }
  }
  await Promise.all(asked)
  return asked.length
}

/**
 * Calls until a hundred calls were made and the last `window` of them succeeded, so that earlier timeouts of
 * a slow machine no longer count.
 */
export async function callWhileHealthy(ask: () => Promise<boolean>, window: number): Promise<void> {
  let answered = 0
  for (let calls = 0; calls < 100 || answered < window; calls++) answered = (await ask()) ? answered + 1 : 0
}
