import { randomUUID } from 'node:crypto'
import { opsAlert, type QueueName } from '@boxoffice/contracts'
import { deleteLetters, readLetters, sendToDeadLetters } from '@boxoffice/messaging'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDeadLetterMonitor } from '../src/dead-letters/monitor.ts'
import { startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

const secret = 'buyer@customers.example'
const bury = (queue: QueueName, eventType: string, reason: string) =>
  sendToDeadLetters(
    service.aws,
    queue,
    { Body: JSON.stringify({ messageId: randomUUID(), eventType, payload: { email: secret } }) },
    reason,
  )
async function empty(queue: QueueName): Promise<void> {
  for await (const letters of readLetters(service.aws, queue))
    await deleteLetters(service.aws, queue, letters)
}
const alertsOf = (queue: string) =>
  service.probe.received(opsAlert).filter(({ payload }) => payload.detail.queue === queue)
/** Waits until this many alerts about a queue were published. */
const waitForAlerts = (queue: string, count: number) =>
  until(() => expect(alertsOf(queue)).toHaveLength(count))
const alerted = () =>
  service.deps.db.prisma.deadLetterWatch.findMany({ where: { alerts: { gt: 0 } }, orderBy: { queue: 'asc' } })

const shown = async (queue: string) =>
  (await service.deps.metrics.registry.metrics()).match(
    new RegExp(`dead_letters{queue="${queue}".*} (\\d+)`),
  )?.[1]

/** Checks when it is asked to, and forgets after a year. */
const never = { checkMs: 3_600_000, keepMs: 365 * 86_400_000 }
function recordErrors() {
  const logged: [Record<string, unknown>, string][] = []
  const error = (...line: [Record<string, unknown>, string]) => logged.push(line)
  return { logged, logger: { ...service.deps.logger, error, info: () => {}, warn: () => {} } as never }
}

test('operators are alerted when dead letters come, increase, age and go; two instances, once', async () => {
  const clock = { now: new Date() }
  const { logger, logged } = recordErrors()
  const make = () => createDeadLetterMonitor({ ...service.deps, ...never, logger, now: () => clock.now })
  const [one, two] = [make(), make()]
  const check = () => Promise.all([one.check(), two.check()])

  await check()
  expect(await alerted()).toEqual([])

  await bury('payment-processing-queue', 'TICKETS_REJECTED', 'does not match its schema: payload.reason')
  await bury('notification-queue', 'USER_CREATED', 'the body is not JSON')
  await bury('notification-queue', 'ORDER_CREATED', 'the body is not JSON')
  await check()
  await check()
  await waitForAlerts('payment-processing-queue', 1)
  await waitForAlerts('notification-queue', 1)
  expect(alertsOf('payment-processing-queue')[0]?.payload).toMatchObject({
    severity: 'CRITICAL',
    source: 'notification-service',
    title: 'payment-processing-dlq has 1 dead letter',
    detail: {
      occasion: 'APPEARED',
      deadLetterQueue: 'payment-processing-dlq',
      letters: 1,
      eventTypes: { TICKETS_REJECTED: 1 },
      reasons: ['does not match its schema: payload.reason'],
      oldestSentAt: expect.stringMatching(/Z$/),
    },
  })
  expect(alertsOf('notification-queue')[0]?.payload).toMatchObject({
    severity: 'WARNING',
    detail: {
      letters: 2,
      eventTypes: { USER_CREATED: 1, ORDER_CREATED: 1 },
      reasons: ['the body is not JSON'],
    },
  })
  expect(logged.filter(([, said]) => said !== 'dead letter found')).toHaveLength(2)
  expect(await shown('notification-queue')).toBe('2')
  expect(JSON.stringify([logged, alertsOf('notification-queue')])).not.toContain(secret)

  await bury('notification-queue', 'USER_CREATED', 'again')
  await check()
  await waitForAlerts('notification-queue', 2)
  expect(alertsOf('notification-queue')[1]?.payload).toMatchObject({
    detail: { occasion: 'GREW', letters: 3 },
  })

  clock.now = new Date(clock.now.getTime() + 3_600_000)
  await check()
  await check()
  await waitForAlerts('notification-queue', 3)
  await waitForAlerts('payment-processing-queue', 2)

  await empty('notification-queue')
  await check()
  await waitForAlerts('notification-queue', 4)
  expect(alertsOf('notification-queue')[3]?.payload).toMatchObject({
    severity: 'WARNING',
    title: 'notification-dlq is empty again',
    detail: { occasion: 'GONE', letters: 0 },
  })
  expect(await shown('notification-queue')).toBe('0')
  expect(await alerted()).toMatchObject([
    { queue: 'notification-queue', letters: 0, alerts: 4 },
    { queue: 'payment-processing-queue', letters: 1, alerts: 2 },
  ])
  await waitForAlerts('payment-processing-queue', 2)
})

test('letters that were looked at can be read by others at once', async () => {
  const queue = 'ticket-processing-queue'
  await bury(queue, 'PAYMENT_COMPLETED', 'boom')
  await createDeadLetterMonitor({ ...service.deps, ...never }).check()
  const { value: letters } = await readLetters(service.aws, queue).next()
  expect(letters).toMatchObject([{ eventType: 'PAYMENT_COMPLETED', reason: 'boom' }])
})

test('each letter is logged in one line, and remembered when gone, without possible tokens', async () => {
  const queue = 'analytics-queue'
  const { logger, logged } = recordErrors()
  const clock = { now: new Date() }
  const monitor = createDeadLetterMonitor({ ...service.deps, ...never, logger, now: () => clock.now })
  await bury(queue, 'EVENT_UPDATED', 'of a schema that is newer')
  await bury(queue, 'PASSWORD_RESET_REQUESTED', 'lost its way')
  await sendToDeadLetters(service.aws, queue, { Body: 'a token=123 of a user' }, 'the body is not JSON')
  for (let round = 0; round < 12; round++) await bury(queue, 'EVENT_UPDATED', 'more than one batch')
  await monitor.check()
  await monitor.check()
  const lines = logged.filter(([about, said]) => said === 'dead letter found' && about.queue === queue)
  expect(lines).toHaveLength(15)
  expect(lines.map(([about]) => about)).toContainEqual({
    ...{ queue, eventType: 'EVENT_UPDATED', reason: 'of a schema that is newer', redrives: 0 },
    ...{ messageId: expect.any(String), sentAt: expect.any(Date) },
  })
  expect(JSON.stringify(lines)).not.toContain(secret)

  await empty(queue)
  const operator = service.client((await service.authority.user(['ADMIN'])).headers)
  const list = async (query: object) => {
    const answer = await operator.listDeadLetters({ query: { limit: 10, queue, ...query } })
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
    return answer.body
  }
  const first = await list({})
  const second = await list({ cursor: first.nextCursor })
  expect(second.nextCursor).toBe(null)
  const all = [...first.deadLetters, ...second.deadLetters]
  expect(all).toHaveLength(15)
  const times = all.map(({ sentAt }) => sentAt.getTime())
  expect(times).toEqual(times.toSorted((a, b) => b - a))
  const bodies = (reason: string) => all.filter((letter) => letter.reason === reason).map(({ body }) => body)
  const [body] = bodies('of a schema that is newer')
  expect(body).toContain('"email":"[address]"')
  expect(body).not.toContain(secret)
  expect(bodies('lost its way')).toEqual([null])
  expect(bodies('the body is not JSON')).toEqual([null])
  const [letter] = (await list({ eventType: 'PASSWORD_RESET_REQUESTED' })).deadLetters
  expect((await list({ messageId: letter?.messageId })).deadLetters).toEqual([letter])
  expect(letter).toMatchObject({
    queue,
    redrives: 0,
    attributes: { deadLetterReason: 'lost its way', deadLetterSource: queue },
  })

  clock.now = new Date(clock.now.getTime() + never.keepMs + 60_000)
  await monitor.check()
  expect((await list({})).deadLetters).toEqual([])
})

test('what has died is for operators alone', async () => {
  const buyer = service.client((await service.user()).headers)
  await expect(buyer.listDeadLetters({ query: { limit: 10 } })).rejects.toMatchObject({ status: 403 })
})
