import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { stageOf, stages } from './stages.ts'
import { budgetTable, timingsTable } from './timings.ts'

test('the tests that fail soonest run first', () => {
  const order = [
    'scripts/boundary.test.ts',
    'services/payments/src/saga/advance.test.ts',
    'packages/stack/src/system.test.ts',
    'services/payments/test/orders.test.ts',
    'packages/e2e/test/faults/kill.test.ts',
    'packages/e2e/test/purchase.test.ts',
    'packages/e2e/test/apart/traces.test.ts',
  ]
  expect(order.map(stageOf)).toEqual([...stages])
})

test('the documentation lists the budgets of the stages', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/testing.md'), 'utf8')
  const rows = [...page.matchAll(/^\| ([\w, ]+?) +\| (\d+) +\|/gm)].map(([, name, seconds]) => [
    name,
    Number(seconds),
  ])
  expect(rows).toEqual(stages.map(({ name, budgetSeconds }) => [name, budgetSeconds]))
})

test('a stage over its budget is reported, and budgets grow with the slowness of the machine', () => {
  const times = [{ file: 'scripts/boundary.test.ts', ms: 2 * stages[0].budgetSeconds * 1_000, importMs: 0 }]
  expect(budgetTable(times, 1)).toContain('rules of the house (1 files)  over its budget')
  expect(budgetTable(times, 2)).not.toContain('over its budget')
})

test('the slowest files are listed first, with what they waited for', () => {
  const times = ['fast', 'slow', 'middle'].map((file, index) => ({
    file,
    ms: [10, 3_000, 200][index] ?? 0,
    importMs: 100,
  }))
  const spent = { servers: 1_000, migrations: 0, waiting: 500, pauses: 0, cpu: 700, children: 0 }
  const [header, ...rows] = timingsTable(times, (file) => (file === 'slow' ? spent : undefined), 2).split(
    '\n',
  )
  expect(header?.split(/ +/).slice(1, 5)).toEqual(['all', 'imports', 'servers', 'migrations'])
  expect(rows.map((row) => row.split(/ +/).at(-1))).toEqual(['slow', 'middle'])
  expect(rows[0]?.split(/ +/).slice(1, 6)).toEqual(['3.0', '0.1', '1.0', '0.0', '0.5'])
})
