import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { topLevelDomainsFile, topLevelDomainsText } from './top-level-domains-file.ts'

test('contracts have the list of top-level domains that the package has; if not, run `npm run top-level-domains`', () => {
  expect(readFileSync(topLevelDomainsFile, 'utf8')).toBe(topLevelDomainsText())
})

test('each line is short enough to be read', () => {
  const lines = topLevelDomainsText().split('\n')
  expect(lines.length).toBeLessThan(200)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(120)
})
