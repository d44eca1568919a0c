import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { topLevelDomainsFile, topLevelDomainsText } from './top-level-domains-file.ts'

test('contracts have the package’s list of top-level domains (`npm run top-level-domains`)', () => {
  expect(readFileSync(topLevelDomainsFile, 'utf8')).toBe(topLevelDomainsText())
})

test('the lines are short', () => {
  const lines = topLevelDomainsText().split('\n')
  expect(lines.length).toBeLessThan(200)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(120)
})
