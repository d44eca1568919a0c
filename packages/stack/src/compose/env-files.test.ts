import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { callers, serviceKeys, services } from '@boxoffice/contracts'
import { afterAll, expect, test } from 'vitest'
import { createSecrets } from '../secrets.ts'
import { envFileOf, secretEnvironments, writeSecrets } from './env-files.ts'
import { createPasswords } from './passwords.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-env-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const dataFolder = path.join(folder, 'data')
mkdirSync(dataFolder)
const options = {
  folder,
  databaseServer: 'postgres:5432',
  ownerId: process.getuid?.() ?? 0,
  dataFolders: [dataFolder],
}
const fileOf = (name: string) => path.join(folder, name, `${name}.env`)

test('each program has its secrets in its own env file, which only it can read', () => {
  const written = writeSecrets(options)
  expect(written).toEqual([...serviceKeys, 'sandbox', 'ops', 'migrate'])
  const print = 'process.stdout.write(JSON.stringify(process.env))'
  for (const name of written) {
    const read = JSON.parse(
      execFileSync(process.execPath, [`--env-file=${fileOf(name)}`, '-e', print], {
        encoding: 'utf8',
        env: {},
      }),
    )
    const expected = readFileSync(fileOf(name), 'utf8').matchAll(/^(\w+)='(.*)'$/gm)
    expect(read).toMatchObject(Object.fromEntries([...expected].map(([, key, value]) => [key, value])))
    expect(statSync(fileOf(name)).mode & 0o777).toBe(0o400)
  }
  const { payments } = Object.fromEntries(written.map((name) => [name, readFileSync(fileOf(name), 'utf8')]))
  expect(payments).toMatch(/^DATABASE_URL='postgres:\/\/payments:[\w-]{32}@postgres:5432\/payments'$/m)
  expect(payments).toMatch(/^SERVICE_PRIVATE_KEY='{.*"kid":"payment-service".*}'$/m)
})

test('a second run writes the same files', () => {
  writeSecrets(options)
  const first = readFileSync(fileOf('migrate'), 'utf8')
  writeSecrets(options)
  expect(readFileSync(fileOf('migrate'), 'utf8')).toBe(first)
  expect(first).toContain(
    `DATABASE_ADMIN_PASSWORD='${readFileSync(path.join(folder, 'postgres/password'), 'utf8')}'`,
  )
})

test('a service added later gets its own password and key, and the others keep theirs', () => {
  writeSecrets(options)
  const own = (name: string) => path.join(folder, 'own', name)
  const read = (name: string) => JSON.parse(readFileSync(own(name), 'utf8'))
  const [secrets, passwords] = [read('secrets.json'), read('passwords.json')]
  const before = structuredClone(passwords)
  delete passwords.services.analytics
  delete secrets.services['analytics-service']
  writeFileSync(own('passwords.json'), JSON.stringify(passwords))
  writeFileSync(own('secrets.json'), JSON.stringify(secrets))

  writeSecrets(options)
  const after = read('passwords.json')
  expect(after).toEqual({
    ...before,
    services: { ...passwords.services, analytics: expect.stringMatching(/^[\w-]{32}$/) },
  })
  expect(after.services.analytics).not.toBe(before.services.analytics)
  expect(statSync(own('passwords.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(fileOf('analytics'), 'utf8')).toContain(
    `postgres://analytics:${after.services.analytics}@`,
  )
  expect(readFileSync(fileOf('migrate'), 'utf8')).toContain(
    `ANALYTICS_DATABASE_PASSWORD='${after.services.analytics}'`,
  )
})

test('no program gets the key or the database password of another', () => {
  const secrets = createSecrets()
  const passwords = createPasswords()
  const environments = secretEnvironments(secrets, passwords, 'postgres:5432')
  const holdersOf = (secret: string | undefined) =>
    Object.entries(environments)
      .filter(([, environment]) => Object.values(environment).some((value) => value.includes(String(secret))))
      .map(([name]) => name)
  const keyHolders = callers.map((name) => holdersOf(String(secrets.services[name]?.privateKey.d)))
  expect(keyHolders).toEqual([...serviceKeys.map((key) => [key]), ['ops']])
  expect(Object.keys(services)).toEqual([...serviceKeys])
  for (const key of serviceKeys) expect(holdersOf(passwords.services[key])).toEqual([key, 'migrate'])
  expect(holdersOf(passwords.administrator)).toEqual(['migrate'])
  expect(holdersOf(secrets.stripeSecretKey)).toEqual(['payments', 'sandbox'])
})

test('a value that an env file cannot represent is refused', () => {
  expect(() => envFileOf({ WORD: "it's" })).toThrow(
    'WORD has a value that cannot be written to an environment file',
  )
  expect(() => envFileOf({ WORD: 'a\nb' })).toThrow(
    'WORD has a value that cannot be written to an environment file',
  )
})
