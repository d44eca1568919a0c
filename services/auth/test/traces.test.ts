import { recordSpans } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

let auth: TestService
let recorded: ReturnType<typeof recordSpans>
beforeAll(async () => {
  auth = await startService()
  recorded = recordSpans()
})
afterAll(async () => {
  await recorded.stop()
  await auth.close()
})

test('a request for a mail is handled in the trace of its caller, without personal data', async () => {
  const { user } = await auth.register()
  expect(await auth.client.forgotPassword({ body: { email: user.email } })).toMatchObject({ status: 202 })
  const find = (name: string) => recorded.spans().find((span) => span.name === name)
  await until(() => expect(find('publish PASSWORD_RESET_REQUESTED')).toBeDefined())
  const asked = find('POST /api/auth/password/forgot')
  expect(find('mail request PASSWORD_RESET')).toMatchObject({
    traceId: asked?.traceId,
    parentId: asked?.spanId,
  })
  expect(find('publish PASSWORD_RESET_REQUESTED')?.traceId).toBe(asked?.traceId)
  expect(JSON.stringify(recorded.spans())).not.toContain(user.email)
})
