import { stat } from 'node:fs/promises'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPublicLookup, endpointObjection } from '../src/push/endpoint.ts'
import { findAddresses, NameNotFound } from '../src/push/names.ts'
import { startFakeNames } from './fake-names.ts'

let names: Awaited<ReturnType<typeof startFakeNames>>
beforeAll(async () => {
  names = await startFakeNames({
    'fcm.googleapis.com': ['203.0.114.1', '2606:4700::1111'],
    'inside.example': ['203.0.114.1', '10.0.0.1'],
    'mapped.example': ['::ffff:192.168.0.1'],
    'updates.push.services.mozilla.com': ['203.0.114.2'],
    'web.push.apple.com': ['203.0.114.3'],
    'wns2-par02p.notify.windows.com': ['203.0.114.4'],
    'push.example': ['2606:4700::1111'],
  })
})
afterAll(() => names.stop())

const find = (host: string) => findAddresses(host, names)

test.each([
  'https://fcm.googleapis.com/fcm/send/x',
  'https://updates.push.services.mozilla.com/wpush/v2/x',
  'https://web.push.apple.com/x',
  'https://wns2-par02p.notify.windows.com/w/?token=x',
  'https://push.example/x',
  'https://203.0.114.1/x',
])('%s is taken', async (endpoint) => {
  expect(await endpointObjection(endpoint, { privateAddresses: false }, find)).toBeNull()
})

test.each([
  // Of a browser's host too: what is not there would have its breaker open for everybody.
  ['https://fcm.googleapis.com:81/x', 'must use the default port of https'],
  ['https://wns2-none.notify.windows.com/x', 'its host was not found'],
  ['https://no-such.example/x', 'its host was not found'],
  ['https://inside.example/x', 'must have a public address'],
  ['https://mapped.example/x', 'must have a public address'],
])('%s is refused: %s', async (endpoint, objection) => {
  expect(await endpointObjection(endpoint, { privateAddresses: false }, find)).toBe(objection)
})

test('a name is resolved and judged at each connection, also when asked for all addresses', async () => {
  const looked = (host: string, options: { all?: boolean; family?: number }) =>
    new Promise((resolve) =>
      createPublicLookup(find)(host, options, (error, address) => resolve(error?.message ?? address)),
    )
  const both = [
    { address: '203.0.114.1', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ]
  expect(await looked('fcm.googleapis.com', { all: true })).toEqual(both)
  expect(await looked('fcm.googleapis.com', {})).toBe('203.0.114.1')
  expect(await looked('fcm.googleapis.com', { family: 6 })).toBe('2606:4700::1111')
  for (const all of [true, false]) {
    expect(await looked('inside.example', { all })).toBe('inside.example is not a public address')
    expect(await looked('no-such.example', { all })).toBe('no-such.example was not found')
  }
})

test('unresponsive name servers block no thread of the process, and are not awaited longer', async () => {
  names.hold()
  // More than there are threads.
  const waiting = Array.from({ length: 12 }, () => find('fcm.googleapis.com'))
  let ended = 0
  for (const one of waiting) one.finally(() => ended++).catch(() => {})
  await until(() => expect(names.held.length).toBeGreaterThanOrEqual(24))
  await stat('.')
  expect(ended).toBe(0)
  await expect(findAddresses('fcm.googleapis.com', { ...names, timeoutMs: 50 })).rejects.toBeInstanceOf(
    NameNotFound,
  )
  names.release()
  for (const addresses of await Promise.all(waiting)) expect(addresses).toHaveLength(2)
})
