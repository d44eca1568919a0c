import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { callers, serviceKeys, services } from '@boxoffice/contracts'
import { CompactEncrypt, compactDecrypt, createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { type Addresses, environmentOf } from './environment.ts'
import { createSecrets, loadSecrets } from './secrets.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const secrets = createSecrets()
const addresses: Addresses = {
  publicUrl: 'http://127.0.0.1:1',
  services: {
    auth: 'http://127.0.0.1:2',
    events: 'http://127.0.0.1:3',
    tickets: 'http://127.0.0.1:4',
    payments: 'http://127.0.0.1:5',
    notifications: 'http://127.0.0.1:6',
    analytics: 'http://127.0.0.1:13',
  },
  redis: 'redis://127.0.0.1:7',
  aws: 'http://127.0.0.1:8',
  mailbox: 'http://127.0.0.1:9',
  sms: 'http://127.0.0.1:12',
  sandbox: 'http://127.0.0.1:10',
  databaseUrl: (service) => `postgres://127.0.0.1:11/${service}`,
}
const environments = serviceKeys.map((key) => environmentOf(key, secrets, addresses))

test('secrets are created once, readable only by their owner', () => {
  const made = loadSecrets(folder)
  expect(loadSecrets(folder)).toEqual(made)
  expect(statSync(path.join(folder, 'secrets.json')).mode & 0o777).toBe(0o600)
  expect(createSecrets().token.privateKey).not.toEqual(made.token.privateKey)
  expect(made.stripeSecretKey).toMatch(/^sk_test_\w{40,}$/)
  expect(made.stripeWebhookSecret).toMatch(/^whsec_\w{40,}$/)
  expect(Object.keys(made.services)).toEqual([...callers])
})

test('missing secrets of an older installation are added, and existing ones are kept', () => {
  const file = path.join(folder, 'secrets.json')
  const before = loadSecrets(folder)
  const { 'analytics-service': _, ...services } = before.services
  writeFileSync(file, JSON.stringify({ ...before, services }))
  chmodSync(file, 0o644)

  const completed = loadSecrets(folder)
  expect(completed).toMatchObject({ ...before, services })
  expect(Object.keys(completed.services)).toEqual([...callers])
  expect(environmentOf('analytics', completed, addresses).SERVICE_PRIVATE_KEY).toContain(
    '"kid":"analytics-service"',
  )
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(completed)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(loadSecrets(folder)).toEqual(completed)
})

test.each(serviceKeys)('every service can verify a token that %s has signed, by its name', async (key) => {
  const { name } = services[key]
  const own = JSON.parse(String(environmentOf(key, secrets, addresses).SERVICE_PRIVATE_KEY))
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', kid: name })
    .sign(await importJWK(own, 'EdDSA'))
  for (const { SERVICE_PUBLIC_KEYS } of environments) {
    const verified = await jwtVerify(token, createLocalJWKSet(JSON.parse(String(SERVICE_PUBLIC_KEYS))))
    expect(verified.protectedHeader.kid).toBe(name)
  }
})

test('notifications can decrypt what auth encrypts', async () => {
  const byKey = Object.fromEntries(serviceKeys.map((key, index) => [key, environments[index]]))
  const toNotifications = await importJWK(JSON.parse(String(byKey.auth?.NOTIFICATIONS_PUBLIC_KEY)), 'ECDH-ES')
  const sealed = await new CompactEncrypt(Buffer.from('token'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(toNotifications)
  const opened = await compactDecrypt(
    sealed,
    await importJWK(JSON.parse(String(byKey.notifications?.NOTIFICATIONS_PRIVATE_KEY)), 'ECDH-ES'),
  )
  expect(Buffer.from(opened.plaintext).toString()).toBe('token')
})

test('no service gets a private key of another, and the public keys contain no private parts', () => {
  const privates = environments.flatMap((environment) =>
    Object.values(environment).flatMap((value) =>
      [...value.matchAll(/"d":"([^"]+)"/g)].map((match) => match[1]),
    ),
  )
  expect(new Set(privates).size).toBe(privates.length)
  // their own, and: access tokens, tickets' codes, mail tokens, pushes
  expect(privates).toHaveLength(serviceKeys.length + 4)
  for (const { SERVICE_PUBLIC_KEYS } of environments) expect(SERVICE_PUBLIC_KEYS).not.toContain('"d":')
})
