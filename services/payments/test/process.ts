import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { programArguments } from '@boxoffice/stack'
import { freePort, type Payments } from './harness.ts'

const MAIN = path.join(import.meta.dirname, '../src/main.ts')

/** Where a process of its own finds the keys of access tokens: what the auth service publishes. */
export async function publishKeys({ tokenKey }: Payments['authority']) {
  const { d: _, ...publicKey } = tokenKey
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [publicKey] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Another instance of the service, as a process that can be killed: same database, gateway and peers. */
export async function startInstance({ environment }: Payments, overrides: Record<string, string> = {}) {
  const port = await freePort()
  const child: ChildProcess = spawn(process.execPath, programArguments(MAIN), {
    env: { ...environment, PORT: String(port), ...overrides },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([, signal]) => signal as string | null)
  await Promise.race([
    once(child, 'message'),
    ended.then(() => {
      throw new Error('an instance ended before it was ready')
    }),
  ])
  return {
    url: `http://127.0.0.1:${port}`,
    /** The signal that ended it. */
    ended,
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await ended
    },
  }
}
