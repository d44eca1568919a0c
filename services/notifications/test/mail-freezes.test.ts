import { policies } from '@boxoffice/service-kit'
import { createWatchers, recordLogs } from '@boxoffice/service-kit/testing'
import { callUntilOpen, callWhileHealthy, type Freezable, startFreezable } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createSesProvider } from '../src/sending/mail-provider.ts'

const TIMEOUT_MS = 150

let ses: Freezable
beforeAll(async () => {
  const result = '<SendRawEmailResult><MessageId>m-1</MessageId></SendRawEmailResult>'
  const body =
    '<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">' +
    `${result}</SendRawEmailResponse>`
  ses = await startFreezable({ contentType: 'text/xml', body })
})
afterAll(() => ses.end())
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

function start() {
  const { logger, lines } = recordLogs()
  const watchers = { ...createWatchers(), logger }
  const mail = createSesProvider(
    { region: 'us-east-1', endpoint: ses.url, timeoutMs: TIMEOUT_MS },
    policies.mail,
    watchers,
  )
  const send = () =>
    mail.send(Buffer.from('mail'), { address: 'a@example.test', notificationId: 'n-1' }).then(
      () => true,
      () => false,
    )
  const opened = () => lines().find(({ msg }) => msg === 'breaker opened: calls are not made')
  return { mail, send, opened, state: () => watchers.health.components().mail?.check() }
}

test('twelve mails to a frozen mail server: the first round opens the breaker', async () => {
  const { mail, send, opened, state } = start()
  await ses.freeze()
  expect(await callUntilOpen('burst', send, () => opened() !== undefined)).toBe(12)
  expect(await state()).toBe('DEGRADED')
  ses.thaw()
  mail.close()
})

test('one mail after the other: five open it, or six of ten after a hundred that went out', async () => {
  for (const [before, failed] of [
    [0, 5],
    [100, 6],
  ] as const) {
    const { mail, send, opened } = start()
    if (before > 0) await callWhileHealthy(send, 10)
    await ses.freeze()
    expect(await callUntilOpen('trickle', send, () => opened() !== undefined)).toBe(failed)
    expect(opened()).toMatchObject({ callee: 'mail', failed })
    ses.thaw()
    mail.close()
  }
})
