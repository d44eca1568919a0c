import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTestAuthority } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const authority = await createTestAuthority()
const privateKey = JSON.parse(authority.environment('boxoffice-cli').SERVICE_PRIVATE_KEY ?? '')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-ops-'))
  const secrets = { services: { 'boxoffice-cli': { privateKey, publicKey: privateKey } } }
  await writeFile(path.join(folder, 'secrets.json'), JSON.stringify(secrets))
})
afterAll(() => rm(folder, { recursive: true }))

const elsewhere = {
  AUTH_URL: 'https://auth.example.test',
  EVENTS_URL: 'https://events.example.test',
  TICKETS_URL: 'https://tickets.example.test',
  PAYMENTS_URL: 'https://payments.example.test',
  NOTIFICATIONS_URL: 'https://notifications.example.test',
  ANALYTICS_URL: 'https://analytics.example.test',
  AWS_ACCOUNT_ID: '123456789012',
  AWS_REGION: 'eu-central-1',
}

test('without addresses it uses the local system, with its key for the CLI', () => {
  const config = loadConfig({ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'mine' }, folder)
  expect(config.status()).toEqual({
    urls: {
      auth: 'http://127.0.0.1:8080',
      events: 'http://127.0.0.1:8081',
      tickets: 'http://127.0.0.1:8082',
      payments: 'http://127.0.0.1:8083',
      notifications: 'http://127.0.0.1:8084',
      analytics: 'http://127.0.0.1:8085',
    },
    messaging: expect.objectContaining({
      region: 'us-east-1',
      accountId: '000000000000',
      sqsEndpoint: 'http://127.0.0.1:4566',
    }),
  })
  expect(config.service('auth')).toMatchObject({ url: 'http://127.0.0.1:8080', privateKey })
  expect(config.awsCredentials).toEqual({ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' })
})

test('variables that move a port of the local system apply here too', () => {
  const { urls, messaging } = loadConfig({ TICKETS_PORT: '18082', AWS_PORT: '14566' }, folder).status()
  expect([urls.tickets, messaging.sqsEndpoint]).toEqual(['http://127.0.0.1:18082', 'http://127.0.0.1:14566'])
  expect(() => loadConfig({ TICKETS_PORT: 'often' }, folder).status()).toThrow(
    'TICKETS_PORT is often, which is not a port',
  )
})

test('with addresses it uses that system, with AWS itself, and nothing of the local one', () => {
  const config = loadConfig(elsewhere, folder)
  expect(config.status()).toMatchObject({
    urls: { auth: 'https://auth.example.test', notifications: 'https://notifications.example.test' },
    messaging: { region: 'eu-central-1', accountId: '123456789012', sqsEndpoint: undefined },
  })
  expect(config.awsCredentials).toEqual({})
  expect(() => config.service('auth')).toThrow('SERVICE_PRIVATE_KEY')
})

test('one address alone is not enough, and the error names the missing ones', () => {
  expect(() => loadConfig({ AUTH_URL: elsewhere.AUTH_URL }, folder).status()).toThrow(
    /EVENTS_URL.*NOTIFICATIONS_URL/s,
  )
})

test('where nothing was ever started it says how to start', () => {
  expect(() => loadConfig({}, path.join(folder, 'missing')).status()).toThrow('npm start')
})
