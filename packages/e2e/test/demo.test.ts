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
 * What `npm run demo` prints of this system. Rejects, with what it printed, where it ends with anything but
 * 0.
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

test('the demo sells, mails a code that can be read, admits it once, and gives a seat back', async () => {
  const printed = await demo()
  for (const said of [
    'its PDF has a code that can be read',
    'admits',
    'refused the second time',
    'the other is refunded',
  ]) {
    expect(printed).toContain(said)
  }
  expect(printed).toMatch(/Done in \d/)
})

test('the demo of the queue follows an order step by step, sells to a crowd, and counts what was sold', async () => {
  const printed = await demo('--async')
  expect(printed).toMatch(/reserve +reserved.+charge +charged.+issue +tickets_issued/s)
  expect(printed).toMatch(/all of them are confirmed.+it has counted every ticket +42.+Done in \d/s)
})
