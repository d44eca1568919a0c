import { once } from 'node:events'
import net from 'node:net'
import { claimPort } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimPorts, loadPorts, requireFree } from './ports.ts'

const listener = net.createServer()
beforeAll(async () => {
  await once(listener.listen(await claimPort(), '127.0.0.1'), 'listening')
})
afterAll(() => listener.close())

test('the ports are those of the contract unless a variable overrides one', () => {
  expect(loadPorts({ MAILBOX_PORT: '9025' })).toEqual({
    edge: 8000,
    auth: 8080,
    events: 8081,
    tickets: 8082,
    payments: 8083,
    notifications: 8084,
    analytics: 8085,
    aws: 4566,
    mailbox: 9025,
    sandbox: 8026,
    sms: 8027,
    traces: 8028,
    postgres: 15432,
    redis: 63790,
  })
})

test.each(['0', '65536', '80.5', 'eighty', ''])('%j is not a port', (value) => {
  expect(() => loadPorts({ EDGE_PORT: value })).toThrow(`EDGE_PORT is ${value}, which is not a port`)
})

test('two programs cannot share a port', () => {
  expect(() => loadPorts({ EDGE_PORT: '8080' })).toThrow('AUTH_PORT and EDGE_PORT are both 8080')
})

test('a port in use is reported with its process and the variable that changes ours', async () => {
  const { port } = listener.address() as net.AddressInfo
  const failure = await requireFree({ ...(await claimPorts()), tickets: port }).catch(
    (error: Error) => error.message,
  )
  expect(failure).toMatch(
    new RegExp(`^port ${port} is taken( by .+ \\(process ${process.pid}\\))? \\(TICKETS_PORT moves ours\\)$`),
  )
})
