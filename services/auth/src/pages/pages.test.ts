import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountPages } from './routes.ts'

let app: FastifyInstance
beforeAll(() => {
  app = Fastify()
  mountPages(app)
})
afterAll(() => app.close())

const get = async (url: string) => {
  const { statusCode: status, body, headers } = await app.inject({ url })
  return { status, body, headers }
}

interface Address {
  hash: string
  search: string
}
const mailed = { hash: '#token=mailed', search: '' }
const mailedBefore = { hash: '', search: '?token=older' }

/** What the script of a page sends when this happens to one of its elements. */
async function sentAfter(body: string, id: string, event: string, address: Address): Promise<unknown> {
  const script = body.match(/<script nonce="[^"]+">([\s\S]*?)<\/script>/)?.[1] ?? ''
  const elements = new Map<string, EventTarget>()
  const getElementById = (name: string) => elements.get(name) ?? elements.set(name, new EventTarget()).get(name)
  const sent = new Promise((resolve) => {
    const surroundings = {
      location: address,
      addEventListener() {},
      document: { getElementById },
      async fetch(_url: string, init: { body: string }) {
        resolve(JSON.parse(init.body))
        return { ok: true }
      },
    }
    new Function(...Object.keys(surroundings), script)(...Object.values(surroundings))
  })
  elements.get(id)?.dispatchEvent(new Event(event))
  return sent
}

test('the link of a reset mail leads to a form that keeps its token to itself', async () => {
  const { status, body, headers } = await get('/reset-password?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')
  expect(status).toBe(200)
  expect(body.match(/<input [^>]*type="password" autocomplete="new-password"/g)).toHaveLength(2)
  expect(await sentAfter(body, 'form', 'submit', mailed)).toEqual({ token: 'mailed' })
  expect(await sentAfter(body, 'form', 'submit', mailedBefore)).toEqual({ token: 'older' })
  expect(body).not.toContain('alert(1)')
  expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
  expect(headers['content-security-policy']).toContain(body.match(/<script nonce="([^"]+)"/)?.[1])
})

test('the link of a mail leads to a page with a button, and one for who did not register, whatever its token', async () => {
  const { status, body, headers } = await get('/verify-email?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')
  expect(status).toBe(200)
  expect(body).toContain('<button id="confirm" type="button">Confirm my address</button>')
  expect(body).toContain('<button id="disown" class="quiet" type="button">That was not me</button>')
  expect(await sentAfter(body, 'confirm', 'click', mailed)).toEqual({ token: 'mailed', mine: true })
  expect(await sentAfter(body, 'disown', 'click', mailed)).toEqual({ token: 'mailed', mine: false })
  expect(await sentAfter(body, 'confirm', 'click', mailedBefore)).toEqual({ token: 'older', mine: true })
  expect(body).not.toContain('alert(1)')
  expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
})
