import { describe, expect, expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import * as contracts from './index.ts'
import {
  binary,
  defineRoute,
  eventStream,
  fileOr,
  formOf,
  impliedRefusals,
  type Minor,
  Money,
  MoneySum,
  messages,
  queueNames,
  queues,
  type RefusalDefinition,
  type Route,
  routing,
  type Subscription,
  topics,
} from './index.ts'

const everyRoute = Object.entries(contracts)
  .filter(([name]) => /Routes$/.test(name))
  .flatMap(([, routes]) => Object.entries(routes as Record<string, Route>))

describe('money', () => {
  test.each([
    [19.99, 1999],
    [0.1, 10],
    [1.1, 110],
    [4.35, 435],
    [1_000_000, 100_000_000],
    [0, 0],
  ])('%f is %i cents, there and back', (major, minor) => {
    expect(z.decode(Money, major)).toBe(minor)
    expect(z.encode(Money, minor as Minor)).toBe(major)
  })
  test.each([1.005, -1, Number.POSITIVE_INFINITY, Number.NaN, '1'])('%s is not an amount', (value) => {
    expect(z.safeDecode(Money, value as never).success).toBe(false)
  })
  test('a sum may exceed the largest amount and stays exact', () => {
    for (const minor of [100_000_000_001, 7_000_000_000_000_001, Number.MAX_SAFE_INTEGER]) {
      expect(z.safeEncode(Money, minor as Minor).success).toBe(false)
      const wire = JSON.parse(JSON.stringify(z.encode(MoneySum, minor as Minor)))
      expect(z.decode(MoneySum, wire)).toBe(minor)
    }
    expect(z.safeDecode(MoneySum, Number.MAX_SAFE_INTEGER).success).toBe(false)
  })
  test('every amount of cents survives encoding and decoding', () => {
    for (let minor = 0; minor < 200_000; minor += 7) {
      const wire = JSON.parse(JSON.stringify(z.encode(Money, minor as Minor)))
      expect(z.decode(Money, wire)).toBe(minor)
    }
  })
})

describe('texts', () => {
  test.each([
    '0000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59-01:00',
    '+010000-01-01T00:00:00Z',
  ])('%s is no time that everybody can write', (text) => {
    expect(z.safeDecode(contracts.Instant, text).success).toBe(false)
  })
  test('a language tag is short', () => {
    expect(contracts.Locale.safeParse('sl-rozaj-biske-1994').success).toBe(true)
    expect(contracts.Locale.safeParse(`en${'-aaaaaaaa'.repeat(10)}`).success).toBe(false)
  })
  test.each(['Europe/Warsaw', 'UTC', 'Etc/GMT+1', 'America/Argentina/Buenos_Aires'])(
    '%s is a time zone',
    (name) => {
      expect(contracts.TimeZone.safeParse(name).success).toBe(true)
    },
  )
  test.each(['+01:00', '-05', 'Europe/Nowhere', ''])('%j is not the name of a time zone', (name) => {
    expect(contracts.TimeZone.safeParse(name).success).toBe(false)
  })
  test('an offset stored as a time zone can still be read', () => {
    const venue = {
      venueId: crypto.randomUUID(),
      organizerId: crypto.randomUUID(),
      name: 'Hall',
      address: 'Quay 1',
    }
    const wire = { ...venue, createdAt: '2026-11-28T20:00:00Z', timeZone: '+01:00' }
    expect(contracts.Venue.safeParse(wire).success).toBe(true)
    expect(
      contracts.NewVenue.safeParse({ name: 'Hall', address: 'Quay 1', timeZone: '+01:00' }).success,
    ).toBe(false)
    const quietHours = { start: '22:00', end: '07:00', timeZone: '+01:00' }
    expect(contracts.Preferences.safeParse({ preferences: [], quietHours }).success).toBe(true)
    expect(contracts.QuietHours.safeParse(quietHours).success).toBe(false)
  })
  test.each(['a\u0000b', 'a\ud800', 'abc\u202edef', 'a\u2066b'])(
    '%j is nothing that anybody types',
    (text) => {
      expect(contracts.line(50).safeParse(text).success).toBe(false)
      expect(contracts.lines(50).safeParse(text).success).toBe(false)
    },
  )
})

describe('routes', () => {
  test('have unique methods and paths, and unique names within a service', () => {
    const paths = everyRoute.map(([, { method, path }]) => `${method} ${path}`)
    const names = everyRoute.map(([name, { path }]) => `${path.split('/')[2]} ${name}`)
    expect(new Set(paths).size).toBe(paths.length)
    expect(new Set(names).size).toBe(names.length)
  })
  test('all declare who may call them, and internal paths are for services only', () => {
    for (const [name, { access, path }] of everyRoute) {
      const internal = path.includes('/internal/')
      expect(typeof access === 'object', name).toBe(internal)
      if (typeof access === 'object') expect(access.services.length, name).toBeGreaterThan(0)
    }
  })
  test('all are under a prefix that the load balancer forwards', () => {
    for (const [name, { path }] of everyRoute)
      expect(
        routing.some(({ prefix }) => path.startsWith(prefix)),
        name,
      ).toBe(true)
  })
  test('list each refusal once, and every definition is used', () => {
    const codesOf = (refusals: readonly RefusalDefinition[]) =>
      refusals.map(({ status, code }) => `${status} ${code}`)
    for (const [name, { refusals = [] }] of everyRoute) {
      expect(new Set(codesOf(refusals)).size, name).toBe(refusals.length)
    }
    const used = everyRoute.flatMap(([, route]) =>
      codesOf([...(route.refusals ?? []), ...impliedRefusals(route)]),
    )
    const ofTheServer = ['ROUTE_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'INTERNAL']
    const defined = Object.entries(contracts).filter(
      ([name]) => /^[A-Z_]+$/.test(name) && !ofTheServer.includes(name),
    )
    const idle = defined.filter(
      ([, value]) =>
        typeof value === 'object' && 'code' in value && !used.includes(codesOf([value])[0] ?? ''),
    )
    expect(idle.map(([name]) => name)).toEqual([])
  })
  test('refuse unknown fields in every body', () => {
    const loose = everyRoute.filter(([, { body }]) =>
      body?.safeParse({ surprise: 1 }).error?.issues.every(isNotUnknownKey),
    )
    // The gateway's own events are not ours to restrict: their signature is checked.
    expect(loose.map(([name]) => name)).toEqual([])
    expect(contracts.paymentsRoutes.stripeWebhook.body.safeParse({ surprise: 1 }).success).toBe(true)
  })
  test('without access do not compile', () => {
    expectTypeOf<Omit<Route, 'access'>>().not.toExtend<Route>()
    expectTypeOf<Route['access']>().not.toExtend<undefined>()
  })
  test('with different parameters in path and params are refused', () => {
    const route = { method: 'GET', path: '/api/x/:id', summary: '', access: 'anyone', responses: {} } as const
    expect(() => defineRoute(route)).toThrow('path and params')
  })
  test('have a form for files and streams; other responses are JSON', () => {
    expect(formOf(binary('image/png'))).toEqual({ kind: 'file', contentType: 'image/png' })
    expect(formOf(fileOr(z.string(), 'text/csv'))).toMatchObject({
      kind: 'file-or-json',
      contentType: 'text/csv',
    })
    expect(formOf(eventStream(z.string()))).toMatchObject({
      kind: 'event-stream',
      contentType: 'text/event-stream',
    })
    expect(formOf(z.string())).toBeUndefined()
  })
})

function isNotUnknownKey(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'unrecognized_keys') return false
  return issue.code !== 'invalid_union' || issue.errors.every((errors) => errors.every(isNotUnknownKey))
}

describe('topology', () => {
  test('every message has a topic or a command queue, and attributes that SNS accepts', () => {
    for (const [eventType, { topics: to, attributes }] of messages) {
      expect(to.length, eventType).toBeGreaterThan(0)
      for (const name of to) expect([...topics, ...Object.keys(contracts.commandQueues)]).toContain(name)
      expect(attributes.length + 2, eventType).toBeLessThanOrEqual(8) // ten, less the two of a dead letter
    }
  })
  // The attributes of the reference (`002`, "SNS Topic Configuration"); `eventType` and `timestamp` are every
  // message's.
  test.each([
    ['payment-events', ['orderId', 'userId'], []],
    ['ticket-events', ['eventId', 'userId'], ['TICKET_TYPE_CHANGED']],
    ['event-events', ['eventId', 'organizerId'], []],
  ])('every message of %s says as attributes what it is about', (topic, expected, others) => {
    const published = [...messages.values()].filter(({ topics }) =>
      (topics as readonly string[]).includes(topic),
    )
    expect(published.length).toBeGreaterThan(3)
    for (const { eventType, attributes } of published) {
      if (!(others as string[]).includes(eventType))
        expect(attributes, eventType).toEqual(expect.arrayContaining(expected))
      if (/^TICKET_(CANCELLED|TRANSFERRED|CHECKED_IN)$/.test(eventType))
        expect(attributes).toContain('ticketId')
    }
  })
  test('every filter names messages of its own topic', () => {
    for (const name of queueNames) {
      for (const { topic, eventTypes = [] } of queues[name].subscriptions as readonly Subscription[]) {
        for (const eventType of eventTypes)
          expect(messages.get(eventType)?.topics, `${name} ${eventType}`).toContain(topic)
      }
    }
  })
  test('a command queue has no topic and receives nothing else', () => {
    for (const name of Object.keys(contracts.commandQueues).filter(contracts.isCommandQueue)) {
      expect(topics).not.toContain(name)
      expect(queues[name].subscriptions).toEqual([])
    }
  })
  test('messages to a FIFO topic or queue declare their group', () => {
    for (const [eventType, { topics: to, groupBy }] of messages) {
      if (to.some(contracts.isFifo)) expect(groupBy, eventType).toBeDefined()
    }
  })
  test('messages with tokens in them are secret', () => {
    for (const [eventType, { payload, secret }] of messages) {
      const fields = Object.keys((payload as z.ZodObject).shape)
      expect(secret, eventType).toBe(fields.some((field) => /token/i.test(field)))
    }
  })
})
