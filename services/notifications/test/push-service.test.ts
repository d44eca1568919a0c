import { type Policy, policies } from '@boxoffice/service-kit'
import { createWatchers } from '@boxoffice/service-kit/testing'
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPublic, isWellKnown } from '../src/push/endpoint.ts'
import { type findAddresses, NameNotFound } from '../src/push/names.ts'
import type { PushMessage } from '../src/push/push-message.ts'
import { createPushService, retryAfterMsOf } from '../src/push/push-service.ts'
import type { Device } from '../src/push/subscription-repository.ts'
import { vapidOf } from '../src/push/vapid.ts'
import { startFakePush } from './fake-push.ts'

let pushes: Awaited<ReturnType<typeof startFakePush>>
beforeAll(async () => {
  pushes = await startFakePush()
})
afterAll(() => pushes.stop())

const { privateKey } = await generateKeyPair('ES256', { extractable: true })
const vapid = vapidOf(await exportJWK(privateKey), 'help@boxoffice.example')
const message: PushMessage = {
  title: 'T',
  body: 'B',
  url: 'https://b.example/',
  topic: 'x',
  ttlSeconds: 60,
  urgency: 'normal',
}
const eager: Policy = {
  breaker: { windowCalls: 2, minimumCalls: 2, failurePercent: 100, openMs: 60_000, trialCalls: 1 },
}

function serviceWith({
  privateAddresses = true,
  find,
}: {
  privateAddresses?: boolean
  find?: typeof findAddresses
} = {}) {
  const guards = { push: policies.push, pushElsewhere: eager }
  return createPushService({ timeoutMs: 60_000, privateAddresses }, vapid, guards, createWatchers(), find)
}
const deviceOf = ({ subscription }: ReturnType<typeof pushes.browser>): Device => ({
  ...subscription.keys,
  endpoint: subscription.endpoint,
  subscriptionId: crypto.randomUUID() as Device['subscriptionId'],
  outcome: null,
  failedSince: null,
  notBefore: null,
})
const reasonOf = (sent: Promise<unknown>) =>
  sent.then(
    () => null,
    (error: { reason: string; callee: string }) => `${error.callee} ${error.reason}`,
  )

test('a failing push service that a user named blocks only others of its kind', async () => {
  const service = serviceWith()
  const broken = deviceOf(Object.assign(pushes.browser(), { mode: { status: 503 } }))
  const fcm = { ...broken, endpoint: 'https://fcm.googleapis.com/fcm/send/1' }
  expect(isWellKnown(fcm.endpoint)).toBe(true)
  for (let n = 0; n < 2; n++)
    expect(await reasonOf(service.send(broken, message, 'n'))).toBe('pushElsewhere ANSWER')
  expect(await reasonOf(service.send(broken, message, 'n'))).toBe('pushElsewhere BREAKER_OPEN')
  const asked = pushes.asked.length
  expect(await reasonOf(service.send(deviceOf(pushes.browser()), message, 'n'))).toBe(
    'pushElsewhere BREAKER_OPEN',
  )
  expect(pushes.asked).toHaveLength(asked)
  await service.close()
})

test('what is not on the internet is not contacted, by address or by a name for one', async () => {
  const find = async () => [{ address: '127.0.0.1', family: 4 } as const]
  const service = serviceWith({ privateAddresses: false, find })
  const device = deviceOf(pushes.browser())
  const byName = { ...device, endpoint: device.endpoint.replace('127.0.0.1', 'push.example') }
  const mapped = { ...device, endpoint: device.endpoint.replace('127.0.0.1', '[::ffff:127.0.0.1]') }
  const asked = pushes.asked.length
  for (const one of [device, byName, mapped])
    expect(await service.send(one, message, 'n')).toBe('PUSH_REFUSED')
  expect(pushes.asked).toHaveLength(asked)
  await service.close()
})

test.each([429, 'a name that is not found'] as const)(
  '%s is of one device, and closes the way to no other',
  async (what) => {
    const find = async (host: string) => {
      throw new NameNotFound(host)
    }
    const service = serviceWith(what === 429 ? {} : { privateAddresses: false, find })
    const device = deviceOf(Object.assign(pushes.browser(), { mode: { status: 429 } }))
    const one = what === 429 ? device : { ...device, endpoint: 'https://push.example/1' }
    const reason = what === 429 ? 'pushElsewhere ANSWER' : 'pushElsewhere CONNECTION'
    for (let n = 0; n < 4; n++) expect(await reasonOf(service.send(one, message, 'n'))).toBe(reason)
    await service.close()
  },
)

test.each([
  ['https://fcm.googleapis.com/fcm/send/1', true],
  ['https://updates.push.services.mozilla.com/wpush/v2/1', true],
  ['https://web.push.apple.com/1', true],
  ['https://wns2-par02p.notify.windows.com/w/?token=1', true],
  // Others of their makers are no push services: what fails there says nothing of these.
  ['https://courier.push.apple.com/1', false],
  ['https://other.push.services.mozilla.com/1', false],
  ['https://fcm.googleapis.com.example/1', false],
  ['https://notify.windows.com/1', false],
])('%s is of a browser: %s', (endpoint, is) => {
  expect(isWellKnown(endpoint)).toBe(is)
})

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['127.0.0.1', false],
  ['::1', false],
  ['10.0.0.1', false],
  ['172.16.5.4', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.100.0.1', false],
  ['0.0.0.0', false],
  ['255.255.255.255', false],
  ['224.0.0.1', false],
  ['fe80::1%eth0', false],
  ['fd12::1', false],
  ['::ffff:192.168.1.1', false],
  ['64:ff9b::a00:1', false],
  ['2002:a00:1::', false],
  ['not an address', false],
])('%s is of the internet: %s', (address, is) => {
  expect(isPublic(address)).toBe(is)
})

test('without TLS nothing is sent', async () => {
  const service = serviceWith()
  const device = deviceOf(pushes.browser())
  const asked = pushes.asked.length
  await expect(
    service.send({ ...device, endpoint: device.endpoint.replace('https:', 'http:') }, message, 'n'),
  ).rejects.toThrow(/https/)
  expect(pushes.asked).toHaveLength(asked)
  await service.close()
})

test.each([
  ['120', 120_000],
  ['Mon, 30 Nov 2026 12:02:00 GMT', 120_000],
  ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
  ['99999999', 6 * 3_600_000],
  ['soon', 0],
  ['-5', 0],
  [undefined, 0],
])('Retry-After %s is %i ms', (header, ms) => {
  expect(retryAfterMsOf(header, Date.parse('2026-11-30T12:00:00Z'))).toBe(ms)
})
