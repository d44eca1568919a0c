import { queueNames, queues, serviceKeys } from '@boxoffice/contracts'
import { sendToDeadLetters } from '@boxoffice/messaging'
import { claimPort } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { boxoffice, startSystem } from './system.ts'

let system: Awaited<ReturnType<typeof startSystem>>
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())
afterEach(() => system.setHealth('tickets'))

const down = { required: true, check: () => Promise.reject(new Error('gone')) }

test('prints a healthy system and exits with 0', async () => {
  const { exitCode, out, error } = await boxoffice(system.env, 'status')
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' })
  expect(out).toMatch(/^All is well/)
  for (const service of serviceKeys) {
    expect(out).toMatch(new RegExp(`^${service} +UP +0.0 s +database, redis$`, 'm'))
  }
  for (const queue of queueNames) {
    expect(out).toMatch(new RegExp(`^${queue.replace('.', '\\.')} +0 +0$`, 'm'))
    expect(out).toMatch(new RegExp(`^ {2}${queues[queue].deadLetterQueue.replace('.', '\\.')} +0 +0$`, 'm'))
  }
})

test('names a component that is down and exits with 1', async () => {
  system.setHealth('tickets', { redis: down })
  expect(await boxoffice(system.env, 'status')).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining('• tickets is DEGRADED: redis is DOWN'),
  })
  system.setHealth('tickets', { database: down })
  expect(await boxoffice(system.env, 'status')).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining('• tickets is DOWN: database is DOWN'),
  })
})

test('reads the oldest unpublished message of each service', async () => {
  const gauge = system.ages.payments
  gauge.set(90)
  const late = await boxoffice(system.env, 'status')
  gauge.set(0)
  expect(late).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining('payments has not published a message for 90 s'),
  })
})

test('purchases on their way are counted by where they stand', async () => {
  expect((await boxoffice(system.env, 'status')).out).toContain('Purchases in progress: none')
  system.sagas.set({ state: 'RESOLVING' }, 3)
  const { out } = await boxoffice(system.env, 'status')
  system.sagas.reset()
  expect(out).toContain('Purchases in progress: 3 RESOLVING')
})

test('shows an unavailable service beside the others', async () => {
  const url = `http://127.0.0.1:${await claimPort()}`
  const { exitCode, out } = await boxoffice({ ...system.env, EVENTS_URL: url }, 'status')
  expect(exitCode).toBe(1)
  expect(out).toMatch(/^events +UNREACHABLE +– +connection refused$/m)
  expect(out).toMatch(/^auth +UP /m)
})

test('does not mistake something else at the address for a service', async () => {
  const { exitCode, out } = await boxoffice(
    { ...system.env, EVENTS_URL: system.env.AWS_SQS_ENDPOINT ?? '' },
    'status',
  )
  expect(exitCode).toBe(1)
  expect(out).toContain('events is unavailable')
})

test('shows services while queues are unreachable', async () => {
  const url = `http://127.0.0.1:${await claimPort()}`
  const { exitCode, out } = await boxoffice({ ...system.env, AWS_SQS_ENDPOINT: url }, 'status')
  expect(exitCode).toBe(1)
  expect(out).toContain(`• the queues are unreachable: ${url}: connection refused`)
  expect(out).toMatch(/^auth +UP /m)
})

test('reports missing queues of a topology that was never created', async () => {
  const { exitCode, out } = await boxoffice({ ...system.env, MESSAGING_PREFIX: 'unmade-' }, 'status')
  expect(exitCode).toBe(1)
  expect(out).toContain('• there is no queue notification-queue')
})

test('a dead letter makes the exit code 1, and JSON has the same content', async () => {
  await sendToDeadLetters(system.aws, 'order-commands.fifo', { Body: '{}' }, 'for a test')
  const { exitCode, out } = await boxoffice(system.env, 'status', '--json')
  expect(exitCode).toBe(1)
  const json = JSON.parse(out)
  expect(json).toMatchObject({ healthy: false, findings: ['1 dead letter in order-commands-dlq.fifo'] })
  expect(json.queues).toContainEqual({
    queue: 'order-commands-dlq.fifo',
    deadLettersOf: 'order-commands.fifo',
    depth: { visible: 1, inFlight: 0 },
  })
  expect(json.services).toHaveLength(serviceKeys.length)
})
