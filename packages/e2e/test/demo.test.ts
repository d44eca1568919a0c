import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { programArguments } from '@boxoffice/stack'
import { beforeAll, expect, test } from 'vitest'
import { type TestSystem, useTestSystem } from './start.ts'

const DEMO = path.join(import.meta.dirname, '../src/demo/main.ts')

let running: TestSystem
beforeAll(async () => {
  running = await useTestSystem()
})

/**
 * Returns the output of `npm run demo` on this system. Rejects with the output if its exit code is not 0.
 */
async function demo(...args: string[]): Promise<string> {
  const { edge, mailbox } = running.system.urls
  const env = {
    ...process.env,
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    EDGE_PORT: new URL(edge).port,
    MAILBOX_PORT: new URL(mailbox).port,
  }
  return (await promisify(execFile)(process.execPath, [...programArguments(DEMO), ...args], { env })).stdout
}

test('the demo sells tickets, emails a readable code, admits it once and refunds a seat', async () => {
  const printed = await demo()
  for (const expected of [
    'its PDF contains a readable QR code',
    'admitted',
    'refused the second time',
    'the second ticket is refunded',
  ]) {
    expect(printed).toContain(expected)
  }
  expect(printed).toMatch(/Done in \d/)
})

test('the queue demo follows an order step by step, sells to a crowd and counts the sales', async () => {
  const printed = await demo('--async')
  expect(printed).toMatch(/reserve +reserved.+charge +charged.+issue +tickets_issued/s)
  expect(printed).toMatch(/all orders are confirmed.+the read side has counted every ticket +42.+Done in \d/s)
})
