import { expect, test } from 'vitest'
import { readSources } from '../imports.ts'
import { selectTests } from './changed.ts'

const sources = readSources()
const select = (...changed: string[]) => selectTests(changed, sources)

test('a change affects its own tests and those of all files that import it, even indirectly', () => {
  expect(select('services/payments/src/saga/advance.test.ts')).toEqual([
    'services/payments/src/saga/advance.test.ts',
  ])
  const touched = select('packages/contracts/src/values/money.ts')
  expect(touched).toContain('services/payments/src/saga/advance.test.ts')
  expect(touched).toContain('packages/contracts/src/contracts.test.ts')
  expect(touched).not.toContain('packages/testing/src/until.test.ts')
})

test("a change in a service affects its tests and those that start it, not other services'", () => {
  const touched = select('services/notifications/src/workers.ts')
  expect(touched).toContain('services/notifications/test/delivery.test.ts')
  expect(touched).toContain('packages/e2e/test/purchase.test.ts')
  expect(touched?.filter((file) => file.startsWith('services/'))).toEqual(
    touched?.filter((file) => file.startsWith('services/notifications/')),
  )
})

test('Lua and SQL affect their whole service, documents the tests that run their examples', () => {
  expect(select('services/tickets/src/holds/lua/hold.lua')).toContain(
    'services/tickets/src/holds/commands.test.ts',
  )
  expect(select('README.md')).toContain('packages/e2e/test/readme.test.ts')
  expect(select('README.md')).not.toContain('services/tickets/src/holds/commands.test.ts')
})

test('a build file affects every test, and no change affects none', () => {
  expect(select('pnpm-lock.yaml')).toBe(null)
  expect(select('scripts/test-run/setup.ts')).toBe(null)
  expect(select()).toEqual([])
})
