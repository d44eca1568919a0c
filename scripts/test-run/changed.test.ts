import { expect, test } from 'vitest'
import { readSources } from '../imports.ts'
import { selectTests } from './changed.ts'

const sources = readSources()
const select = (...changed: string[]) => selectTests(changed, sources)

test('a change touches itself and whoever imports it, over other files and packages', () => {
  expect(select('services/payments/src/saga/advance.test.ts')).toEqual([
    'services/payments/src/saga/advance.test.ts',
  ])
  const touched = select('packages/contracts/src/values/money.ts')
  expect(touched).toContain('services/payments/src/saga/advance.test.ts')
  expect(touched).toContain('packages/contracts/src/contracts.test.ts')
  expect(touched).not.toContain('packages/testing/src/until.test.ts')
})

test('a service is tried by its own tests and by those that start it as a process, not by another service’s', () => {
  const touched = select('services/notifications/src/workers.ts')
  expect(touched).toContain('services/notifications/test/delivery.test.ts')
  expect(touched).toContain('packages/e2e/test/purchase.test.ts')
  expect(touched?.filter((file) => file.startsWith('services/'))).toEqual(
    touched?.filter((file) => file.startsWith('services/notifications/')),
  )
})

test('Lua and SQL are read by their whole service, documents by what tries them out', () => {
  expect(select('services/tickets/src/holds/lua/hold.lua')).toContain(
    'services/tickets/src/holds/commands.test.ts',
  )
  expect(select('README.md')).toContain('packages/e2e/test/readme.test.ts')
  expect(select('README.md')).not.toContain('services/tickets/src/holds/commands.test.ts')
})

test('what everything is built with touches every test, and nothing touches none', () => {
  expect(select('pnpm-lock.yaml')).toBe(null)
  expect(select('scripts/test-run/setup.ts')).toBe(null)
  expect(select()).toEqual([])
})
