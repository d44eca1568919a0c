import { createServer } from 'node:http'
import path from 'node:path'
import { serveLocally } from '@boxoffice/service-kit/testing'
import { programArguments } from '@boxoffice/stack/programs'
import { claimPort, measured, startProgram } from '@boxoffice/testing'
import type { TestService } from './start-service.ts'

const MAIN = path.join(import.meta.dirname, '../src/main.ts')

/** Publishes the keys of access tokens for another process, as the auth service does. */
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

/**
 * Starts another instance of the service with the same peers, as a process that can be killed. It ends with
 * `payments`.
 */
export const startProcess = (
  { environment, instances }: TestService,
  overrides: Record<string, string> = {},
) =>
  measured('servers', async () => {
    const port = await claimPort()
    const program = await startProgram(programArguments(MAIN), {
      ...environment,
      PORT: String(port),
      ...overrides,
    })
    instances.push(program)
    return { ...program, url: `http://127.0.0.1:${port}` }
  })
