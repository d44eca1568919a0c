import {
  emailChanged,
  emailChangeRequested,
  emailVerificationRequested,
  passwordResetRequested,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createdFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

const requestedFor = async (...[user, sealed, expiresAt]: Parameters<typeof createdFor>) => {
  const { createdAt: _, ...requested } = createdFor(user, sealed, expiresAt)
  return requested
}

test.each([
  [emailVerificationRequested, '/verify-email#token=', 'Please confirm your address for Boxoffice'],
  [passwordResetRequested, '/reset-password#token=', 'Set a new password for Boxoffice'],
  [emailChangeRequested, '/verify-email/new#token=', 'Please confirm your new address for Boxoffice'],
  [emailChanged, '/verify-email/undo#token=', 'Your Boxoffice account has another address'],
] as const)(
  '%o is a mail with its link, and the token is in clear there alone',
  async (definition, path, subject) => {
    const user = await service.user({ locale: 'en' })
    const token = `tok_${definition.eventType.toLowerCase()}`
    await service.publish(definition, await requestedFor(user, await service.seal(token)))
    const mail = await until(() => {
      const [taken] = service.ses.mails(user.email)
      if (!taken) throw new Error('no mail yet')
      return taken.mail
    })
    expect(mail.subject).toBe(subject)
    expect(mail.html).toContain(`href="https://boxoffice.example${path}${token}"`)
    expect(mail.text).toContain(`https://boxoffice.example${path}${token}`)
    await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
    const rows = JSON.stringify(await service.rows(user.userId))
    expect(rows).not.toContain(token)
    expect(rows).not.toContain('sealedToken')
    expect(rows).not.toContain(user.email)
  },
)

test('mails about a change of address go to the one named, and nothing of it is kept', async () => {
  const user = await service.user()
  for (const definition of [emailChangeRequested, emailChanged]) {
    const named = { ...user, email: `${definition.eventType.toLowerCase()}@elsewhere.example` }
    await service.publish(definition, await requestedFor(named, await service.seal('tok')))
    await until(() => expect(service.ses.mails(named.email)).toHaveLength(1))
    await until(async () =>
      expect((await service.rows(user.userId)).at(-1)).toMatchObject({ status: 'SENT', address: null }),
    )
  }
  expect(service.ses.mails(user.email)).toEqual([])
})

test('a link that has ended is not sent any more', async () => {
  const user = await service.user()
  const ended = await requestedFor(user, await service.seal('tok'), new Date(Date.now() - 1_000))
  await service.publish(passwordResetRequested, ended)
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([
      { status: 'FAILED', failureReason: 'LINK_EXPIRED' },
    ]),
  )
  expect(service.ses.mails(user.email)).toEqual([])
  expect(JSON.stringify(await service.rows(user.userId))).not.toContain('sealedToken')
})
