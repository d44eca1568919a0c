import { authInvariantRoutes } from '@boxoffice/contracts'
import { createLogger, createMetrics, createServer } from '@boxoffice/service-kit'
import { injectClient, openTestDatabase } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  checkInvariants,
  mountInvariants,
  outboxInvariants,
  paymentsInvariants,
  ticketsInvariants,
} from '../src/index.ts'

type Opened = Awaited<ReturnType<typeof openTestDatabase>>
const open = (service: string) =>
  openTestDatabase(inject('postgresUrl'), `services/${service}/prisma/migrations`)

describe('on an empty database', () => {
  test.each([
    ['tickets', ticketsInvariants],
    ['payments', paymentsInvariants],
  ])('every invariant of %s holds', async (service, invariants) => {
    const opened = await open(service)
    const results = await checkInvariants(opened.db, [...invariants, ...outboxInvariants])
    await opened.close()
    expect(results).toHaveLength(invariants.length + outboxInvariants.length)
    expect(results.filter(({ violations }) => violations !== 0)).toEqual([])
  })
})

describe('on a database with faults', () => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open('tickets')
    await opened.pool.query(
      `insert into outbox (message_id, topic, event_type, body, attributes, archivable, created_at)
       select gen_random_uuid(), 'ticket-events', 'TICKETS_GENERATED', '{}', '{}', true,
         clock_timestamp() - n * interval '1 minute' from generate_series(0, 16) n`,
    )
  })
  afterAll(() => opened.close())

  test('violations are counted, five are shown, and short and long waits are separate', async () => {
    const results = await checkInvariants(opened.db, outboxInvariants)
    expect(results).toMatchObject([
      { invariant: 'I10', holds: 'WHEN_IDLE', violations: 17 },
      { invariant: 'I10', holds: 'ALWAYS', violations: 7 },
    ])
    expect(results[0]?.examples).toHaveLength(5)
    expect(results[0]?.examples[0]).toMatchObject({ event_type: 'TICKETS_GENERATED' })
  })
  test('a check cannot write', async () => {
    const sql = `with gone as (delete from outbox returning 1) select * from gone`
    const invariant = { invariant: 'I1', statement: 'nothing is written', holds: 'ALWAYS', sql } as const
    await expect(checkInvariants(opened.db, [invariant])).rejects.toThrow()
    expect((await opened.pool.query('select from outbox')).rowCount).toBe(17)
  })
  test('a check that takes too long is given up, and the others go on', async () => {
    const slow = {
      invariant: 'I1',
      statement: 'never ends',
      holds: 'ALWAYS',
      sql: 'select pg_sleep(60) as slept',
    } as const
    const results = await checkInvariants(opened.db, [slow, ...outboxInvariants], { checkMsMax: 50 })
    expect(results.map(({ violations }) => violations)).toEqual([null, 17, 7])
  })
  test('an operator gets the results by a route; no one else does', async () => {
    const app = createServer({
      logger: createLogger({ service: 'test', level: 'silent' }),
      metrics: createMetrics('test'),
      trustedProxies: ['127.0.0.1'],
    })
    let allowed = true
    const unused = () => Promise.reject(new Error('the route has no idempotency keys'))
    mountInvariants(app, authInvariantRoutes, {
      db: opened.db,
      now: () => new Date(),
      idempotency: { begin: unused, complete: unused, abandon: unused, sweep: unused },
      authenticate: async (access) => {
        allowed &&= access === 'operator'
        return { principal: { service: 'boxoffice-cli' } }
      },
    })
    const client = injectClient(app, authInvariantRoutes)
    const answers = await Promise.all([client.checkInvariants({}), client.checkInvariants({})])
    for (const { body } of answers)
      expect(body.invariants.map(({ violations }) => violations)).toEqual([17, 7])
    expect(allowed).toBe(true)
    await app.close()
  })
})
