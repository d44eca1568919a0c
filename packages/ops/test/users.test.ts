import { createTestAuthority } from '@boxoffice/service-kit/testing'
import { claimPort } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boxoffice, startSystem } from './system.ts'

let system: Awaited<ReturnType<typeof startSystem>>
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())

test('grants a role to the user of an address, and changes nothing when repeated', async () => {
  system.addUser('ada@example.test')
  const granted = {
    exitCode: 0,
    out: 'ada@example.test has the roles USER, ADMIN. The next access token includes them.\n',
    error: '',
  }
  expect(await boxoffice(system.env, 'users', 'grant', 'Ada@Example.test', 'admin', '--yes')).toEqual(granted)
  expect(await boxoffice(system.env, 'users', 'grant', 'ada@example.test', 'ADMIN', '--yes')).toEqual(granted)
  expect(system.users.get('ada@example.test')?.roles).toEqual(['USER', 'ADMIN'])
})

test('reports an address without an account, with exit code 1', async () => {
  expect(await boxoffice(system.env, 'users', 'grant', 'nobody@example.test', 'ADMIN', '--yes')).toEqual({
    exitCode: 1,
    out: '',
    error: 'there is no account with the address nobody@example.test\n',
  })
})

test('refuses a role to an unconfirmed address, with exit code 1', async () => {
  system.addUser('boss@example.test', false)
  expect(await boxoffice(system.env, 'users', 'grant', 'boss@example.test', 'ADMIN', '--yes')).toEqual({
    exitCode: 1,
    out: '',
    error:
      "boss@example.test is not confirmed: the account may be someone else's. " +
      'Its owner has to follow the link in the mail first\n',
  })
  expect(system.users.get('boss@example.test')?.roles).toEqual(['USER'])
})

test('a key of another system is refused', async () => {
  const { SERVICE_PRIVATE_KEY = '' } = (await createTestAuthority()).environment('boxoffice-cli')
  expect(
    await boxoffice(
      { ...system.env, SERVICE_PRIVATE_KEY },
      'users',
      'grant',
      'ada@example.test',
      'ADMIN',
      '--yes',
    ),
  ).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('SERVICE_PRIVATE_KEY'),
  })
})

test('reports an unavailable auth service with its address', async () => {
  const url = `http://127.0.0.1:${await claimPort()}`
  const { exitCode, error } = await boxoffice(
    { ...system.env, AUTH_URL: url },
    'users',
    'grant',
    'ada@example.test',
    'ADMIN',
    '--yes',
  )
  expect({ exitCode, error }).toEqual({
    exitCode: 1,
    error: `auth is unavailable at ${url}: connection refused\n`,
  })
})
