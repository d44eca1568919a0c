import http from 'node:http'
import { eventsOpsRoutes } from '@boxoffice/contracts'
import { claimPort } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { Failure } from '../src/failure.ts'
import { withService } from '../src/services.ts'
import { type Stub, startStubs, stub } from './stubs.ts'

const events: Stub = stub('events', eventsOpsRoutes, {
  getCaches: async () => ({ status: 200, body: { instance: 'host-1 17', caches: [] } }),
} as never)

let system: Awaited<ReturnType<typeof startStubs>>
beforeAll(async () => {
  system = await startStubs(events)
})
afterAll(() => system.close())

/** Asks the event service at this address; returns the code and the sentence of the failure. */
async function failureAt(url: string, { timeoutMs = 60_000 } = {}) {
  const config = loadConfig({ ...system.env, EVENTS_URL: url }, 'no such folder')
  const asked = withService(config, 'events', eventsOpsRoutes, (client) => client.getCaches({}), {
    timeoutMs,
  })
  const error: unknown = await asked.catch((error) => error)
  if (!(error instanceof Failure)) throw new Error('it did not fail', { cause: error })
  return { code: error.code, message: error.message }
}

/** A program at an address of its own that answers each request as it is told. */
async function listen(answer: (response: http.ServerResponse) => void) {
  const server = http.createServer((_, response) => answer(response))
  const port = await claimPort()
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: close }
}

test('a mistake in the work with an answer is no failure of the service', async () => {
  const config = loadConfig(system.env, 'no such folder')
  const mistake = new TypeError("Cannot read properties of undefined (reading 'name')")
  const asked = withService(config, 'events', eventsOpsRoutes, async (client) => {
    await client.getCaches({})
    throw mistake
  })
  await expect(asked).rejects.toBe(mistake)
})

test('a connection that is refused, ends, or brings no answer makes a service unavailable', async () => {
  const nowhere = `http://127.0.0.1:${await claimPort()}`
  expect(await failureAt(nowhere)).toEqual({
    code: 'SERVICE_UNAVAILABLE',
    message: `events is unavailable at ${nowhere}: connection refused`,
  })

  using closing = await listen((response) => response.socket?.resetAndDestroy())
  expect(await failureAt(closing.url)).toEqual({
    code: 'SERVICE_UNAVAILABLE',
    message: `events is unavailable at ${closing.url}: the connection was closed`,
  })

  using partial = await listen((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"instance":', () => response.destroy())
  })
  expect(await failureAt(partial.url)).toEqual({
    code: 'SERVICE_UNAVAILABLE',
    message: `events is unavailable at ${partial.url}: the connection was closed`,
  })

  using silent = await listen(() => {})
  expect(await failureAt(silent.url, { timeoutMs: 50 })).toEqual({
    code: 'SERVICE_UNAVAILABLE',
    message: `events is unavailable at ${silent.url}: no answer in time`,
  })
})

test('an answer that no such service gives is refused, and is not taken for an absent one', async () => {
  const page = '<!doctype html><title>It works!</title>'
  using other = await listen((response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page))
  expect(await failureAt(other.url)).toEqual({
    code: 'UNEXPECTED_ANSWER',
    message: `what listens at ${other.url} does not answer as events of this version does`,
  })
})
