import { fork } from 'node:child_process'
import path from 'node:path'
import { programArguments } from '@boxoffice/stack'
import { claimPort } from '@boxoffice/testing'
import { type ChildServer, end } from './child-server.ts'

const EDGE = path.resolve(import.meta.dirname, '../../../../stack/src/edge/main.ts')

/** Starts an edge like the system's, with `upstream` in place of the ticket service. */
export async function startBareEdge(upstream: string): Promise<ChildServer> {
  const port = await claimPort()
  const [program = EDGE, ...execArgv] = programArguments(EDGE).toReversed()
  const env = {
    PORT: String(port),
    UPSTREAMS: JSON.stringify({ tickets: [upstream] }),
    MAILBOX_URL: upstream,
    SMS_URL: upstream,
  }
  const child = fork(program, {
    execArgv: execArgv.toReversed(),
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`the edge exited with ${code}`)))
  })
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => end(child) }
}
