import { randomUUID } from 'node:crypto'
import {
  authInternalRoutes,
  authUsersRoutes,
  eventsInvariantRoutes,
  eventsOpsRoutes,
  LAST_ADMIN,
  type MessageId,
  NOTHING_TO_RESEND,
  type NotificationId,
  notificationsOperatorRoutes,
  notificationsSuppressionRoutes,
  ORDER_NOT_FOUND,
  type OrderId,
  paymentsEventRefundRoutes,
  paymentsSagaRoutes,
  type Role,
  SAGA_ENDED,
  ticketsOpsRoutes,
  type UserId,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import { refuse } from '@boxoffice/service-kit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Stub, startStubs, stub } from './stubs.ts'
import { boxoffice } from './system.ts'

const DAY_MS = 86_400_000
const orderId = randomUUID() as OrderId
const ended = randomUUID() as OrderId
const userId = randomUUID() as UserId
const notificationId = randomUUID() as NotificationId
const sinceThreeMinutes = () => new Date(Date.now() - 190_000)

const saga = () => ({
  orderId,
  state: 'RESOLVING',
  since: sinceThreeMinutes(),
  attempts: 4,
  lastError: 'the gateway is unavailable\u001b[31m',
  nextAttemptAt: new Date(Date.now() + 60_500),
})
const event = { seq: 1, at: new Date('2026-11-29T18:00:00.123Z'), state: 'CHARGING', fence: 1, input: null }

/** What the stubbed services were asked to change. */
let changes: string[]
let roles: Role[]
let system: Awaited<ReturnType<typeof startStubs>>
beforeAll(async () => {
  system = await startStubs(payments, auth, notifications, events, tickets)
})
afterAll(() => system.close())
beforeEach(() => {
  changes = []
  roles = ['USER', 'ADMIN']
})

const payments: Stub = stub(
  'payments',
  { ...paymentsSagaRoutes, ...paymentsEventRefundRoutes },
  {
    listSagas: async ({ query: { state } }) => ({
      status: 200,
      body: {
        byState: { RESOLVING: 1, CHARGING: 2 },
        sagas: state === undefined || state === 'RESOLVING' ? [saga()] : [],
        nextCursor: null,
      },
    }),
    async getSaga({ params }) {
      if (params.orderId === ended)
        return {
          status: 200,
          body: { ...saga(), orderId: ended, state: 'CONFIRMED', nextAttemptAt: undefined, events: [] },
        }
      if (params.orderId !== orderId) return refuse(ORDER_NOT_FOUND, { message: 'no such order' })
      const events = [
        { ...event, moment: 'INTENT' as const, step: 'CHARGE', result: null, detail: null },
        {
          ...event,
          seq: 2,
          moment: 'RESULT' as const,
          step: 'CHARGE',
          result: 'UNKNOWN',
          detail: { why: 'late' },
        },
      ]
      return { status: 200, body: { ...saga(), events } }
    },
    async resumeSaga({ params }) {
      if (params.orderId === ended) return refuse(SAGA_ENDED, { message: 'it has ended' })
      changes.push(`resume ${params.orderId}`)
      return { status: 202, body: saga() }
    },
    listEventRefunds: async ({ query: { eventId } }) => ({
      status: 200,
      body: {
        events: eventId
          ? []
          : [
              {
                eventId: randomUUID() as never,
                cancelledAt: new Date(Date.now() - 2 * DAY_MS),
                orders: 120,
                refunded: 100,
                inProgress: 15,
                failing: 2,
                remaining: 20,
                amounts: [{ currency: 'EUR', refunded: 500_000, remaining: 100_000 } as never],
                finished: false,
                lastError: 'card expired',
              },
            ],
        nextCursor: null,
      },
    }),
  },
)

const person = (email: string) => ({
  userId,
  email,
  firstName: 'Ada',
  lastName: 'Kowalska',
  locale: 'en',
  roles,
  emailVerified: true,
  createdAt: new Date(Date.now() - 3 * DAY_MS),
})
const auth: Stub = stub(
  'auth',
  { ...authUsersRoutes, grantRole: authInternalRoutes.grantRole },
  {
    findUsers: async ({ body: { email } }) => ({
      status: 200,
      body: {
        users: email === 'nobody@example.test' ? [] : [person(email ?? 'ada@example.test')],
        nextCursor: null,
      },
    }),
    async revokeRole({ body: { email, role } }) {
      if (email === 'last@example.test') return refuse(LAST_ADMIN, {})
      changes.push(`revoke ${role} ${email}`)
      roles = roles.filter((each) => each !== role)
      return { status: 200, body: person(email) }
    },
    async grantRole({ body: { email, role } }) {
      changes.push(`grant ${role} ${email}`)
      return { status: 200, body: person(email) }
    },
  },
)

const addressHash = 'a'.repeat(64)
const suppression = {
  cause: 'COMPLAINT' as const,
  reason: 'marked as spam',
  since: new Date('2026-11-20T10:00:00Z'),
}
const notifications: Stub = stub(
  'notifications',
  { ...notificationsOperatorRoutes, ...notificationsSuppressionRoutes },
  {
    listNotificationsAsOperator: async ({ query }) => ({
      status: 200,
      body: {
        notifications:
          query.status === 'SENT'
            ? []
            : [
                {
                  notificationId,
                  type: 'ORDER_CONFIRMATION' as const,
                  channel: 'EMAIL' as const,
                  status: 'BOUNCED' as const,
                  attempts: 1,
                  createdAt: sinceThreeMinutes(),
                  failure: { reason: 'BOUNCED', message: 'no such mailbox' } as never,
                  orderId,
                },
              ],
        nextCursor: null,
      },
    }),
    async resendNotification({ params }) {
      changes.push(`resend ${params.notificationId}`)
      return { status: 202, body: { notificationId } }
    },
    resendOrderAsOperator: async () => refuse(NOTHING_TO_RESEND, { message: 'the event is cancelled' }),
    findSuppressions: async ({ body: { email } }) => ({
      status: 200,
      body: { addressHash, suppressions: email === 'fine@example.test' ? [] : [suppression] },
    }),
    listSuppressions: async () => ({
      status: 200,
      body: { suppressions: [{ addressHash, ...suppression }], nextCursor: null },
    }),
    async liftSuppressions({ params }) {
      changes.push(`lift ${params.addressHash.slice(0, 4)}`)
      return { status: 204, body: undefined }
    },
  },
)

const events: Stub = stub(
  'events',
  { getCaches: eventsOpsRoutes.getCaches, clearCache: eventsOpsRoutes.clearCache, ...eventsInvariantRoutes },
  {
    getCaches: async () => ({
      status: 200,
      body: {
        instance: 'host-1 17',
        caches: [
          { name: 'events', shared: true, entries: 12, hits: 90, misses: 10, hitRate: 0.9 },
          { name: 'pages', shared: false, entries: 3, hits: 0, misses: 0, hitRate: null },
        ],
      },
    }),
    async clearCache({ params: { name } }) {
      changes.push(`clear ${name}`)
      return { status: 204, body: undefined }
    },
    checkInvariants: async () => ({
      status: 200,
      body: {
        checkedAt: new Date(),
        invariants: [
          {
            invariant: 'I10',
            statement: 'published',
            holds: 'WHEN_IDLE' as const,
            violations: 2,
            examples: [{ n: 1 }],
            tookMs: 3,
          },
          {
            invariant: 'I1',
            statement: 'counted',
            holds: 'ALWAYS' as const,
            violations: 0,
            examples: [],
            tookMs: 12,
          },
        ],
      },
    }),
  },
)

const messageId = randomUUID() as MessageId
const tickets: Stub = stub(
  'tickets',
  { listOutbox: ticketsOpsRoutes.listOutbox, republishOutbox: ticketsOpsRoutes.republishOutbox },
  {
    listOutbox: async ({ query: { state } }) => ({
      status: 200,
      body: {
        messages: [
          {
            messageId,
            topic: 'ticket-events',
            eventType: 'TICKETS_GENERATED',
            correlationId: null,
            attempts: state === 'all' ? 1 : 3,
            createdAt: sinceThreeMinutes(),
            ...(state === 'all' && { publishedAt: new Date() }),
            archived: false,
          },
        ],
        nextCursor: null,
      },
    }),
    async republishOutbox({ body: { since, eventType, dryRun } }) {
      if (since.getTime() < Date.now() - 7 * DAY_MS) {
        const details = [{ path: 'body.since', message: 'must be later than a week ago' }]
        return refuse(VALIDATION_FAILED, { details })
      }
      const count = eventType === 'TICKETS_REJECTED' ? 0 : 4
      if (!dryRun) changes.push(`republish ${count}`)
      const byType = count > 0 ? [{ topic: 'ticket-events', eventType: 'TICKETS_GENERATED', count }] : []
      return { status: 200, body: { matched: count, republished: dryRun ? 0 : count, byType } }
    },
  },
)

const run = (...args: string[]) => boxoffice(system.env, ...args)

describe('sagas', () => {
  test('are listed with age, attempts and error, and counted by state', async () => {
    const { exitCode, out } = await run('sagas', 'list')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^ORDER +STATE +FOR +ATTEMPTS +NEXT IN +LAST ERROR\n/)
    expect(out).toMatch(new RegExp(`${orderId} +RESOLVING +3m +4 +1m +the gateway is unavailable`))
    expect(out).not.toContain('\u001b')
    expect(out).toMatch(/in progress: 1 RESOLVING, 2 CHARGING\n$/)
    expect((await run('sagas', 'list', '--state', 'confirmed')).out).toBe('0 orders CONFIRMED\n')
    expect(JSON.parse((await run('sagas', 'list', '--fields', 'orderId,attempts')).out)).toEqual({
      sagas: [{ orderId, attempts: 4 }],
    })
  })
  test('show their journal; an unknown order is an error', async () => {
    const { out } = await run('sagas', 'show', orderId)
    expect(out).toContain(`${orderId} is RESOLVING since`)
    expect(out).toMatch(/2026-11-29 18:00:00.123 +CHARGE … +CHARGING +1/)
    expect(out).toMatch(/CHARGE UNKNOWN +CHARGING +1 +\{"why":"late"\}/)
    const unknown = randomUUID()
    expect(await run('sagas', 'show', unknown)).toEqual({
      exitCode: 1,
      out: '',
      error: `there is no order ${unknown}\n`,
    })
  })
  test('are resumed when confirmed, and not on a dry run or after their end', async () => {
    expect((await run('sagas', 'resume', orderId, '--dry-run')).out).toContain('Nothing was changed')
    expect(await run('sagas', 'resume', orderId)).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('Pass --yes (or --dry-run): this is not a terminal'),
    })
    expect(changes).toEqual([])
    expect(await run('sagas', 'resume', orderId, '--yes')).toMatchObject({ exitCode: 0 })
    expect(changes).toEqual([`resume ${orderId}`])
    expect(await run('sagas', 'resume', ended, '--yes')).toMatchObject({
      exitCode: 1,
      error: 'the saga has ended: it is CONFIRMED\n',
    })
  })
})

describe('the outbox', () => {
  test('lists what is unpublished, with exit code 1 after several attempts', async () => {
    const { exitCode, out } = await run('outbox', 'list', 'tickets')
    expect(exitCode).toBe(1)
    expect(out).toMatch(/tickets +TICKETS_GENERATED +[0-9a-f-]{36} +ticket-events +3m +no, 3 attempts\n/)
    expect(out).toMatch(/1 unpublished, 1 after more than one attempt\n$/)
    expect((await run('outbox', 'list', 'tickets', '--all')).out).toMatch(/3m +yes\n\n1 message\n$/)
  })
  test('is published again when confirmed, and says what a dry run would do', async () => {
    const republish = ['outbox', 'republish', 'tickets', '--since', '1h']
    expect((await run(...republish, '--dry-run')).out).toContain(
      '4 messages of tickets would be published again',
    )
    expect(changes).toEqual([])
    expect(await run(...republish, '--yes')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('4 messages of tickets will be published again within seconds'),
    })
    expect(changes).toEqual(['republish 4'])
  })
  test('that has no such messages, or forgot them, is an error with its reason', async () => {
    const rejected = ['outbox', 'republish', 'tickets', '--type', 'TICKETS_REJECTED', '--yes', '--since']
    expect(await run(...rejected, '1h')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('tickets published no such messages since'),
    })
    expect(await run(...rejected, '30d')).toMatchObject({
      exitCode: 1,
      error: 'tickets refused: must be later than a week ago\n',
    })
  })
})

describe('events refunds', () => {
  test('shows how far they are, with exit code 1 while some fail', async () => {
    const { exitCode, out } = await run('events', 'refunds')
    expect(exitCode).toBe(1)
    expect(out).toMatch(/2d +120 +100 +15 +2 +20 +card expired\n/)
    expect(out).toMatch(/1 cancelled event, 1 unfinished, 2 failing refunds\n$/)
    expect(await run('events', 'refunds', randomUUID())).toMatchObject({ exitCode: 1, out: '' })
  })
})

describe('users', () => {
  test('are listed with their roles; an unknown address is an error', async () => {
    expect((await run('users', 'list')).out).toMatch(
      /ada@example.test +Ada Kowalska +USER, ADMIN +yes +3d\n\n1 user\n$/,
    )
    expect(await run('users', 'list', '--email', 'nobody@example.test')).toMatchObject({
      exitCode: 1,
      error: 'there is no account with the address nobody@example.test\n',
    })
  })
  test('lose a role when confirmed; the last ADMIN keeps it', async () => {
    expect((await run('users', 'revoke', 'ada@example.test', 'ADMIN', '--dry-run')).out).toContain(
      'ADMIN would be revoked. Nothing was changed.',
    )
    expect(changes).toEqual([])
    expect(await run('users', 'revoke', 'Ada@example.test', 'admin', '--yes')).toMatchObject({
      exitCode: 0,
      out: 'ada@example.test has the roles USER\n',
    })
    expect(changes).toEqual(['revoke ADMIN ada@example.test'])
    const last = await run('users', 'revoke', 'last@example.test', 'ADMIN', '--yes', '--json')
    expect(last).toMatchObject({ exitCode: 1, out: '' })
    expect(JSON.parse(last.error)).toMatchObject({ error: 'LAST_ADMIN' })
  })
  test('a grant on a dry run changes nothing', async () => {
    expect((await run('users', 'grant', 'ada@example.test', 'ORGANIZER', '--dry-run')).out).toBe(
      'ada@example.test has the roles USER, ADMIN; ORGANIZER would be granted. Nothing was changed.\n',
    )
    expect(changes).toEqual([])
  })
})

describe('notifications', () => {
  test('are listed with outcome and reason', async () => {
    const { out } = await run('notifications', 'list', '--order', orderId)
    expect(out).toMatch(/ORDER_CONFIRMATION +EMAIL +BOUNCED +1 +3m +no such mailbox\n\n1 notification\n$/)
    expect((await run('notifications', 'list', '--status', 'sent')).out).toBe('0 notifications\n')
  })
  test('are sent again when confirmed; what cannot be is an error with its reason', async () => {
    expect((await run('notifications', 'resend', notificationId, '--dry-run')).out).toContain(
      'would be sent again',
    )
    expect(changes).toEqual([])
    expect(await run('notifications', 'resend', notificationId, '--yes')).toMatchObject({ exitCode: 0 })
    expect(changes).toEqual([`resend ${notificationId}`])
    expect(await run('notifications', 'resend', '--order', orderId, '--yes')).toMatchObject({
      exitCode: 1,
      error: 'nothing was sent: the event is cancelled\n',
    })
  })
  test('suppressions are listed by hash, looked up by address, and lifted when confirmed', async () => {
    expect((await run('notifications', 'suppressions')).out).toMatch(
      /COMPLAINT +2026-11-20 10:00:00 +a{16}… +marked as spam/,
    )
    expect((await run('notifications', 'suppressions', '--email', 'fine@example.test')).out).toBe(
      'mails to fine@example.test are not suppressed\n',
    )
    const lift = ['notifications', 'suppressions', '--email', 'ada@example.test', '--lift']
    expect((await run(...lift, '--dry-run')).out).toContain('would be allowed again (COMPLAINT)')
    expect(changes).toEqual([])
    expect(await run(...lift, '--yes')).toMatchObject({ exitCode: 0 })
    expect(changes).toEqual(['lift aaaa'])
  })
})

describe('caches', () => {
  test('are shown with entries, hits and their sum', async () => {
    const { out } = await run('cache', 'stats', 'events')
    expect(out).toMatch(/events +events +host-1 17 +Redis +12 +90 +10 +90.0 %\n/)
    expect(out).toMatch(/events +pages +host-1 17 +memory +3 +0 +0 +–\n/)
    expect(out).toMatch(/15 entries in 2 caches, 90.0 % of 100 reads hit\n$/)
  })
  test('are shown where some services do not answer, with what is missing', async () => {
    const { exitCode, out } = await run('cache', 'stats')
    expect(exitCode).toBe(1)
    expect(out).toMatch(/events +events +host-1 17 +Redis +12 /)
    expect(out).toContain('15 entries in 2 caches, 90.0 % of 100 reads hit\n')
    expect(out).toMatch(
      /\nincomplete: analytics is unavailable at http:\/\/127.0.0.1:\d+: connection refused\n/,
    )
    const { caches, incomplete } = JSON.parse((await run('cache', 'stats', '--json')).out)
    expect(caches).toHaveLength(2)
    expect(incomplete).toContainEqual(expect.stringContaining('analytics is unavailable'))
  })
  test('are cleared when confirmed; an unknown one is an error with a suggestion', async () => {
    expect((await run('cache', 'clear', 'events', 'pages', '--dry-run')).out).toContain('3 entries')
    expect(changes).toEqual([])
    expect((await run('cache', 'clear', 'events', 'pages', '--yes')).out).toBe(
      'cleared 3 entries of the cache pages of events, in 1 process\n',
    )
    expect(changes).toEqual(['clear pages'])
    expect(await run('cache', 'clear', 'events', 'pagse', '--yes')).toMatchObject({
      exitCode: 1,
      error: 'events has no cache pagse; it has events, pages\n(Did you mean pages?)\n',
    })
  })
})

describe('invariants', () => {
  test('that hold only when idle count as violated with --idle', async () => {
    const { exitCode, out } = await run('invariants', 'events')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/I1 +events +holds +12 +counted\nI10 +events +in progress: 2 +3 +published\n/)
    expect(out).toContain(
      '1 invariant holds, 1 not counted while work is in progress, 0 violated or not checked',
    )
    expect(await run('invariants', 'events', '--idle')).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('  I10 events {"n":1}'),
    })
  })
})

test('an unavailable service is an error with its address, as JSON with --json', async () => {
  const { exitCode, error } = await run('cache', 'stats', 'analytics', '--json')
  expect(exitCode).toBe(1)
  expect(JSON.parse(error)).toEqual({
    error: 'SERVICE_UNAVAILABLE',
    message: expect.stringMatching(
      /^analytics is unavailable at http:\/\/127.0.0.1:\d+: connection refused$/,
    ),
  })
})
