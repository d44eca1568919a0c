import { claimPort } from '@boxoffice/testing'
import { expect, test } from 'vitest'
import { createWatchers } from '../testing.ts'
import { securityHeaders } from './security-headers.ts'
import { createServer } from './server.ts'

type Steps = PromiseWithResolvers<void>

test('a request in progress while the server closes is answered, and its connection ends', async () => {
  const app = createServer({ ...createWatchers(), trustedProxies: [] })
  const [reached, released, closes] = [0, 0, 0].map(() => Promise.withResolvers<void>()) as [
    Steps,
    Steps,
    Steps,
  ]
  app.addHook('preClose', async () => closes.resolve())
  app.get('/slow', async () => {
    reached.resolve()
    await released.promise
    return 'served'
  })
  const url = await app.listen({ host: '127.0.0.1', port: await claimPort() })
  const answering = fetch(`${url}/slow`)
  await reached.promise
  const closing = app.close()
  await closes.promise
  released.resolve()
  const answer = await answering
  expect(answer.headers.get('connection')).toBe('close')
  expect(await answer.text()).toBe('served')
  await closing
})

test.each([
  ['an answer', '/fine', 200],
  ['a refusal', '/nowhere', 404],
  ['an unknown path', '/%zz', 400],
  ['a failure', '/broken', 500],
])('%s has the security headers', async (_, url, status) => {
  const app = createServer({ ...createWatchers(), trustedProxies: [] })
  app.get('/fine', async () => 'fine')
  app.get('/broken', () => Promise.reject(new Error('broken')))
  const answer = await app.inject({ url })
  expect(answer.statusCode).toBe(status)
  expect(answer.headers).toMatchObject(securityHeaders)
})
