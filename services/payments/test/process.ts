import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import { serveLocally } from '@boxoffice/service-kit/testing'
import { programArguments } from '@boxoffice/stack/programs'
import { claimPort, measured } from '@boxoffice/testing'
import type { TestService } from './start-service.ts'

const MAIN = path.join(import.meta.dirname, '../src/main.ts')

/** Where a process of its own finds the keys of access tokens: what the auth service publishes. */
export async function publishKeys({ tokenKey }: TestService['authority']) {
  const { d: _, ...publicKey } = tokenKey
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [publicKey] }))
  })
  return {
    url: await serveLocally(server),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Another instance of the service, as a process that can be killed: same database, gateway and peers. It ends with `payments` at last. */
export const startInstance = (payments: TestService, overrides: Record<string, string> = {}) =>
  measured('servers', () => start(payments, overrides))

async function start({ environment, instances }: TestService, overrides: Record<string, string>) {
  const port = await claimPort()
  const child: ChildProcess = spawn(process.execPath, programArguments(MAIN), {
    env: { ...environment, PORT: String(port), ...overrides },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([, signal]) => signal as string | null)
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  instances.push({ kill })
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
    kill,
  }
}
