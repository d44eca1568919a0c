import { createServer } from 'node:http'
import { claimPort } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runLoad } from './run-load.ts'

let answered = 0
const server = createServer((request, response) => {
  answered++
  response.writeHead(request.url === '/2' ? 409 : 200, { 'content-length': '2' }).end('{}')
})
const port = await claimPort()
beforeAll(() => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)))
afterAll(() => new Promise((resolve) => server.close(resolve)))
const template = () => ({
  method: 'GET',
  url: `http://127.0.0.1:${port}/{{n}}`,
  columns: { n: ['1', '2', '3'] },
})

test('every request is sent once, and refusals are counted separately', async () => {
  answered = 0
  const result = await runLoad(
    template(),
    { kind: 'closed', connections: 4, requests: 30 },
    { keepBodies: true },
  )
  expect(answered).toBe(30)
  expect(result).toMatchObject({ requests: 30, errors: {}, bodyBytes: 2 })
  expect(result.answers['200']?.count).toBe(20)
  expect(result.answers['409']?.count).toBe(10)
  expect(result.bodies).toHaveLength(30)
})

test('an open load sends every due request within its connection limit', async () => {
  answered = 0
  const result = await runLoad(template(), {
    kind: 'open',
    dueMs: Array.from({ length: 50 }, () => 0),
    connectionsMax: 2,
  })
  expect(answered).toBe(50)
  expect(result.errors).toEqual({})
})

test('connections are spread over all instances', async () => {
  const asked = new Set<number>()
  const instances = await Promise.all(
    [1, 2].map(async (instance) => {
      const own = await claimPort()
      const listening = createServer((_request, response) => {
        asked.add(instance)
        response.writeHead(200, { 'content-length': '0' }).end()
      })
      await new Promise<void>((resolve) => listening.listen(own, '127.0.0.1', resolve))
      return { listening, base: `http://127.0.0.1:${own}` }
    }),
  )
  const bases = instances.map(({ base }) => base)
  await runLoad(template(), { kind: 'closed', connections: 4, requests: 40 }, { bases })
  for (const { listening } of instances) listening.close()
  expect(asked).toEqual(new Set([1, 2]))
})
