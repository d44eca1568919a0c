import { randomUUID } from 'node:crypto'
import { notificationsOpsRoutes, paymentFailed, ticketsGenerated } from '@boxoffice/contracts'
import { sendToDeadLetters } from '@boxoffice/messaging'
import { withCorrelationId } from '@boxoffice/service-kit'
import { injectClient, tablesReadWhole } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createDeadLetterMonitor } from '../src/dead-letters/monitor.ts'
import { bounceOf } from './ses-events.ts'
import { failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
let ops: ReturnType<typeof opsOf>
const opsOf = (headers: Record<string, string>) => injectClient(service.app, notificationsOpsRoutes, headers)
beforeAll(async () => {
  service = await startService()
  service.work()
  ops = opsOf((await service.authority.user(['USER', 'ADMIN'])).headers)
})
afterEach(() => void vi.restoreAllMocks())
afterAll(() => service.stop())

const trace = async (...ids: string[]) => (await ops.trace({ body: { ids } })).body
type Trace = Awaited<ReturnType<typeof trace>>
const whatOf = ({ entries }: Trace, kind: string) =>
  entries.filter((entry) => entry.kind === kind).map(({ what }) => what)

test('the mails of an order are traced by its id, message and request, without recipient', async () => {
  const user = await service.user()
  const generated = generatedFor(user, service)
  const { orderId } = generated
  const correlationId = randomUUID()
  const messageId = await withCorrelationId(correlationId, () => service.publish(ticketsGenerated, generated))
  const sent = ['mail ORDER_CONFIRMATION REQUESTED', 'mail ORDER_CONFIRMATION SENT']
  const found = await until(async () => {
    const found = await trace(orderId)
    expect(whatOf(found, 'DELIVERY')).toEqual(sent)
    return found
  })
  expect(whatOf(found, 'HANDLED')).toEqual(['TICKETS_GENERATED'])
  expect(found.related).toMatchObject({ orderIds: [orderId] })
  expect(found.related.correlationIds).toContain(correlationId)
  expect(found.related.messageIds).toContain(messageId)
  expect(found.entries.find(({ kind }) => kind === 'DELIVERY')).toMatchObject({ orderId, correlationId })
  expect(JSON.stringify(found)).not.toMatch(/@|Łącka|TKT-/)

  const ofRequest = await trace(correlationId)
  expect(whatOf(ofRequest, 'DELIVERY')).toEqual(sent)
  expect(ofRequest.related.orderIds).toEqual([orderId])
  const ofMessage = await trace(messageId)
  expect(ofMessage.related.orderIds).toEqual([orderId])
  expect(whatOf(ofMessage, 'HANDLED')).toEqual(['TICKETS_GENERATED'])
})

test('a mail that bounces is traced with the reason, one that fails with its attempts', async () => {
  const user = await service.user()
  const failed = failedFor(user, service)
  const messageId = await service.publish(paymentFailed, failed)
  const mail = await until(() => {
    const [mail] = service.ses.mails(user.email)
    if (!mail) throw new Error('no mail yet')
    return mail
  })
  await until(async () =>
    expect(whatOf(await trace(messageId), 'DELIVERY')).toContain('mail PAYMENT_FAILED SENT'),
  )
  await service.sendFeedback(bounceOf(mail))
  await until(async () =>
    expect(whatOf(await trace(messageId), 'DELIVERY')).toEqual([
      'mail PAYMENT_FAILED REQUESTED',
      'mail PAYMENT_FAILED SENT',
      'mail PAYMENT_FAILED BOUNCED',
    ]),
  )
  const failedOne = randomUUID()
  await service.deps.pool.query(
    `insert into notifications (id, message_id, type, channel, recipient_id, payload, subject,
       correlation_id, status, attempts, failure_reason,
       created_at)
     select gen_random_uuid(), $2, type, channel, recipient_id, payload, subject, correlation_id,
       'FAILED', 4, $3, created_at
     from notifications where message_id = $1`,
    [messageId, failedOne, `refused for ${user.email}`],
  )
  expect((await trace(failedOne)).entries).toMatchObject([
    {
      what: 'mail PAYMENT_FAILED REQUESTED',
      detail: 'now FAILED after 4 attempts: refused for [address]',
    },
  ])
})

test('a recorded dead letter is traced by its message, with its queue and reason', async () => {
  const messageId = randomUUID()
  await sendToDeadLetters(
    service.aws,
    'ticket-processing-queue',
    { Body: JSON.stringify({ messageId, eventType: 'PAYMENT_COMPLETED', payload: {} }) },
    'mail to ala@customers.example was refused',
  )
  await createDeadLetterMonitor({ ...service.deps, checkMs: 3_600_000, keepMs: 86_400_000 }).check()
  expect(await trace(messageId)).toMatchObject({
    related: { messageIds: [messageId] },
    entries: [
      {
        kind: 'DEAD_LETTER',
        what: 'PAYMENT_COMPLETED',
        messageId,
        queue: 'ticket-processing-queue',
        detail: 'mail to [address] was refused',
      },
    ],
  })
})

test('no large table is read as a whole', async () => {
  const { db, sql, pool } = service.deps
  const asked = [vi.spyOn(db, 'query'), vi.spyOn(sql, 'query')]
  await trace(randomUUID())
  const statements = asked
    .flatMap(({ mock }) => mock.calls.map(([text]) => String(text)))
    .filter((text) => /notifications\n|dead_letters|message_archive|inbox/.test(text))
  expect(statements.join()).toContain('dead_letters')
  expect(statements.join()).toContain('correlation_id')
  const whole = await Promise.all(statements.map((text) => tablesReadWhole(pool, text)))
  expect(new Set(whole.flat())).toEqual(new Set(['outbox']))
})
