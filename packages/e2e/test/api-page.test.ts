import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { differencesOf, examplesOf } from '../src/readme.ts'
import { type TestSystem, useTestSystem } from './start.ts'

const page = readFileSync(path.join(import.meta.dirname, '../../../docs/api.md'), 'utf8')
const examples = examplesOf(page)

let running: TestSystem
let printed: string[]

beforeAll(async () => {
  running = await useTestSystem()
  // All examples run in one terminal, as if pasted: variables carry over to later ones.
  const script = examples.map(({ code }, index) => `${code}\nprintf '\\n@@@ ${index}\\n'`).join('\n')
  const here = script
    .replaceAll('http://127.0.0.1:8000', running.edge)
    .replaceAll('http://127.0.0.1:8025', running.system.urls.mailbox)
  const { stdout } = await promisify(execFile)('bash', ['-c', here], { maxBuffer: 10_000_000 })
  printed = stdout.split(/\n@@@ \d+\n/).slice(0, -1)
})
afterAll(() => running?.expectDocumented())

test('every example of the page runs and prints the documented output', () => {
  expect(printed).toHaveLength(examples.length)
  const differences = examples.flatMap(({ code, answer }, index) => {
    if (answer === undefined) return []
    const last = printed[index]?.trim().split('\n').at(-1) ?? ''
    return differencesOf(answer, JSON.parse(last)).map(
      (difference) => `${code.trim().split('\n').at(-1)} ${difference} in ${last}`,
    )
  })
  expect(differences).toEqual([])
})

test("the examples' purchase ends as described", () => {
  const lineOf = (pattern: RegExp) =>
    printed[examples.findIndex(({ code }) => pattern.test(code))]?.trim().split('\n').at(-1)
  expect(lineOf(/seatCount/)).toBe('6')
  expect(lineOf(/\/publish/)).toBe('PUBLISHED')
  expect(lineOf(/-X DELETE "\$url\/api\/tickets\/transfers/)).toBe('204')
  expect(lineOf(/format=csv/)).toMatch(/^"?TKT-/)
  expect(lineOf(/"PARTIALLY_REFUNDED"/)).toBe('35.5')
  expect(lineOf(/\/cancel"/)).toBe('106.5')
  expect(lineOf(/quietHours/)).toBe('22:00')
})

test('every public call is on the page', async () => {
  const { operations } = await import('../src/contract/catalogue.ts')
  const flat = page.replaceAll('`', ' ')
  const missing = operations
    .filter(({ name }) => name !== 'payments.stripeWebhook') // called only by the gateway
    .map(({ route }) => route.path.replace(/:(\w+)/g, '{$1}').replace(/\/api\/\w+\/ops\/.*/, '/ops/'))
    .filter(
      (path) =>
        !flat.includes(path) &&
        !flat.includes(`…/${path.split('/').slice(-1)}`) &&
        !flat.includes(`…/${path.split('/').slice(-2).join('/')}`),
    )
  expect([...new Set(missing)]).toEqual([])
})
