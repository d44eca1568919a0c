import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { hasLink, Refusal, serviceKeys } from '@boxoffice/contracts'
import { machineFactor } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Operation, operations } from '../../src/contract/catalogue.ts'
import { hostileTexts, mutationsOf } from '../../src/contract/mutations.ts'
import { goodRequests, type WireRequest, type World } from '../../src/contract/requests.ts'
import { checkResponse } from '../../src/contract/send.ts'
import { type TestSystem, useTestSystem } from '../start.ts'
import { signToken } from '../tokens.ts'
import { createWorld, type LivingWorld } from '../world.ts'

// Every public route with every kind of invalid input, derived from the contract so that new routes are
// covered.

const SECRET = 'do_not_write_this_down_7b1c9e'
const AT_ONCE = 12

let running: TestSystem
let living: LivingWorld
let world: World
let token: string
let before: Record<string, string>

beforeAll(async () => {
  running = await useTestSystem('quiet')
  living = await createWorld(running)
  const { userId } = living.organizer
  world = { ...living.ids, userId, email: `${randomUUID()}@boxoffice.example`, secret: SECRET } as World
  token = await signToken(running, living.organizer.session().user, { roles: ['USER', 'ORGANIZER', 'ADMIN'] })
  await running.expectAgreement()
  before = await contents()
})
afterAll(() => running?.expectDocumented())

interface Sent {
  /** The request, for the failure message. */
  what: string
  operation: Operation
  status: number
  text: string
  requestId: string | null
}

async function send(
  operation: Operation,
  what: string,
  request: { url: string; body?: string | Uint8Array; headers?: Record<string, string> },
): Promise<Sent> {
  const { method } = operation.route
  const answered = fetch(running.edge + request.url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'idempotency-key': randomUUID(),
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body !== undefined && { body: request.body as string }),
    signal: AbortSignal.timeout(20_000 * machineFactor),
  })
  const response = await answered.catch((error) => new Response(String(error), { status: 599 }))
  await checkResponse(running.check, method, request.url, response)
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  if (isStream) await response.body?.cancel()
  const text = isStream ? '' : await response.text()
  return {
    what,
    operation,
    status: response.status,
    text,
    requestId: response.headers.get('x-correlation-id'),
  }
}

/** Sends all requests, a few at once. */
async function sendAll<T>(things: Iterable<T>, send: (thing: T) => Promise<Sent | null>): Promise<Sent[]> {
  const iterator = things[Symbol.iterator]()
  const sent: Sent[] = []
  const work = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const one = await send(next.value)
      if (one) sent.push(one)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return sent
}

const urlOf = (operation: Operation, { params = {}, query = {} }: WireRequest) => {
  const path = operation.route.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  return Object.keys(query).length > 0 ? `${path}?${new URLSearchParams(query)}` : path
}

/** Returns how a response differs from a proper refusal; null if it does not. */
function faultOf(
  { what, operation, status, text, requestId }: Sent,
  expected: readonly number[],
): string | null {
  const fault = (why: string) => `${operation.name} ${what}: ${why}: ${status} ${text.slice(0, 300)}`
  if (!expected.includes(status)) return fault(`not ${expected.join(' or ')}`)
  if (status < 400) return null
  const refusal = z.safeDecode(Refusal, parse(text) as never)
  if (!refusal.success) return fault('does not match the schema of a refusal')
  if (refusal.data.requestId !== requestId) return fault('has no request id')
  if (/node_modules|\.ts:\d|at \w+ \(|postgres|prisma|select |insert into/i.test(text))
    return fault('reveals internals')
  return null
}
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
const faultsOf = (sent: readonly Sent[], expected: readonly number[]) =>
  sent.flatMap((one) => faultOf(one, expected) ?? [])

const withBody = operations.filter(({ name, route }) => route.body && name !== 'payments.stripeWebhook')
const goodOf = ({ name }: Operation): WireRequest => goodRequests[name]?.(world) ?? {}

function* badBodies() {
  for (const operation of withBody) {
    const good = goodOf(operation)
    for (const { what, path, json } of mutationsOf(good.body)) {
      const polluted = what === 'polluting'
      const isBad =
        polluted || !z.safeDecode(operation.route.body as z.ZodType, JSON.parse(json) as never).success
      if (isBad)
        yield { operation, what: `${path.join('.')} ${what}`, url: urlOf(operation, good), body: json }
    }
  }
}

test('a body with one error is a 400', async () => {
  const sent = await sendAll(badBodies(), ({ operation, what, url, body }) =>
    send(operation, what, { url, body }),
  )
  expect(sent.length).toBeGreaterThan(500)
  expect(faultsOf(sent, [400])).toEqual([])
})

test('a body that is not JSON is a 400, 413 or 415', async () => {
  const text = (operation: Operation) => JSON.stringify(goodOf(operation).body)
  const bodies: [
    string,
    (operation: Operation) => { body: string | Uint8Array; headers?: Record<string, string> },
  ][] = [
    ['truncated', (operation) => ({ body: text(operation).slice(0, -1) })],
    ['not JSON', () => ({ body: '<xml/>' })],
    ['null', () => ({ body: 'null' })],
    ['a string', () => ({ body: '"x"' })],
    ['twice', (operation) => ({ body: text(operation) + text(operation) })],
    ['deeply nested', () => ({ body: '['.repeat(100_000) })],
    [
      'not UTF-8',
      (operation) => ({ body: Buffer.concat([Buffer.from(text(operation)), Buffer.from([0xff, 0xfe])]) }),
    ],
    ['UTF-16', (operation) => ({ body: Buffer.from(`\ufeff${text(operation)}`, 'utf16le') })],
    ['too large', () => ({ body: `{"surprise":"${'x'.repeat(5_000_000)}"}` })],
    ['a form', () => ({ body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } })],
    ['a file', () => ({ body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=x' } })],
    [
      'XML by content type',
      (operation) => ({ body: text(operation), headers: { 'content-type': 'application/xml' } }),
    ],
    ['packed', (operation) => ({ body: text(operation), headers: { 'content-encoding': 'gzip' } })],
  ]
  const all = withBody.flatMap((operation) =>
    bodies.map(([what, make]) => ({ operation, what, ...make(operation) })),
  )
  const sent = await sendAll(all, ({ operation, what, body, headers }) =>
    send(operation, what, { url: urlOf(operation, goodOf(operation)), body, ...(headers && { headers }) }),
  )
  expect(faultsOf(sent, [400, 413, 415])).toEqual([])
})

const badIds = [
  'x',
  '0',
  'null',
  '00000000-0000-0000-0000-00000000000',
  `${randomUUID()}x`,
  "' or 1=1 --",
  '%00',
  '\u0000',
  '1e400',
  '<script>',
  '=1+1',
  'x'.repeat(3_000),
]

test('a path with an invalid id is refused or not found', async () => {
  const all = operations.flatMap((operation) =>
    Object.keys(goodOf(operation).params ?? {})
      .filter((name) => /Id$/.test(name))
      .flatMap((name) => badIds.map((id) => ({ operation, name, id }))),
  )
  const sent = await sendAll(all, ({ operation, name, id }) => {
    const good = goodOf(operation)
    const url = urlOf(operation, { ...good, params: { ...good.params, [name]: id } })
    return send(operation, `${name}=${id.slice(0, 50)}`, {
      url,
      ...(good.body !== undefined && { body: JSON.stringify(good.body) }),
    })
  })
  expect(sent.length).toBeGreaterThan(100)
  expect(faultsOf(sent, [400, 404, 414, 431])).toEqual([])
})

test('a query with one error is a 400, and hostile words find nothing and break nothing', async () => {
  const values = [
    '',
    '-1',
    '1e400',
    '999999999999',
    'x'.repeat(3_000),
    '[]',
    '\u0000',
    ...Object.values(hostileTexts),
    '%',
    '\\',
    ':*&|!',
  ]
  const all = operations.flatMap((operation) =>
    Object.keys(goodOf(operation).query ?? {}).flatMap((name) =>
      values.map((value) => ({ operation, name, value })),
    ),
  )
  const sent = await sendAll(all, ({ operation, name, value }) => {
    const good = goodOf(operation)
    const { cursor: _, ...query } = good.query ?? {}
    return send(operation, `${name}=${JSON.stringify(value).slice(0, 50)}`, {
      url: urlOf(operation, { ...good, query: { ...query, [name]: value } }),
    })
  })
  expect(faultsOf(sent, [200, 400, 404])).toEqual([])
  const typed = sent.filter(({ what }) => /^(limit|from|to|category|eventId|state)=/.test(what))
  expect(faultsOf(typed, [400])).toEqual([])
})

/** The cursor fields of each list: a client can decode and rewrite a cursor. */
const positions: Readonly<Record<string, readonly [instant: string | null, id: string | null]>> = {
  'events.listEvents': ['at', 'id'],
  'events.listMyEvents': ['at', 'id'],
  'events.listVenues': [null, 'id'],
  'tickets.listReservations': ['heldAt', 'reservationId'],
  'tickets.listMyTickets': ['createdAt', 'ticketId'],
  'tickets.listTransfers': ['createdAt', 'transferId'],
  'tickets.listAttendees': ['createdAt', 'ticketId'],
  'payments.listOrders': ['createdAt', 'orderId'],
  'payments.listSagas': ['since', 'orderId'],
  'payments.listEventRefunds': ['cancelledAt', 'eventId'],
  'notifications.listNotifications': ['at', 'id'],
  'notifications.listDeadLetters': ['at', 'id'],
  'notifications.listNotificationsAsOperator': ['at', 'id'],
  'notifications.listSuppressions': ['since', null],
  'analytics.listSoldTickets': ['createdOn', 'ticketId'],
  'analytics.listSales': ['eventDate', 'eventId'],
  ...Object.fromEntries(serviceKeys.map((service) => [`${service}.listOutbox`, ['at', 'messageId']])),
}
const badInstants = [
  '0000-01-01T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.000Z',
  '9999-12-31T23:59:59-01:00',
  '2026-02-30T00:00:00Z',
  'infinity',
  8.64e15,
  true,
  null,
]
const lists = operations.filter(
  ({ route }) => route.method === 'GET' && 'cursor' in (route.query?.shape ?? {}),
)
/** Builds a list request with a forged cursor. */
function fromCursor(operation: Operation, instant: unknown, id: unknown): string {
  const [instantName, idName] = positions[operation.name] ?? [null, null]
  const position = {
    ...(instantName && { [instantName]: instant }),
    ...(idName && { [idName]: id }),
    rank: 0.5,
    scan: '0',
    addressHash: '0'.repeat(64),
    cause: 'BOUNCE',
    topic: 'user-events',
  }
  const good = goodOf(operation)
  const cursor = Buffer.from(JSON.stringify(position)).toString('base64url')
  return urlOf(operation, { ...good, query: { ...good.query, cursor } })
}

test('a forged cursor returns a page or a 400', async () => {
  const [at, id] = ['2026-12-01T18:30:00.000Z', world.venueId]
  // Not every service has a cache.
  const present = lists.filter(({ route }) => !route.path.includes('/ops/caches/'))
  expect(present.map(({ name }) => name).toSorted()).toEqual(Object.keys(positions).toSorted())
  const read = await sendAll(present, (operation) =>
    send(operation, 'a cursor', { url: fromCursor(operation, at, id) }),
  )
  expect(faultsOf(read, [200])).toEqual([])

  const bad: [unknown, unknown][] = [
    ...badInstants.map((value): [unknown, unknown] => [value, id]),
    ...[...badIds, null, 7, ['x']].map((value): [unknown, unknown] => [at, value]),
  ]
  const all = lists.flatMap((operation) => bad.map(([instant, id]) => ({ operation, instant, id })))
  const sent = await sendAll(all, ({ operation, instant, id }) =>
    send(operation, JSON.stringify([instant, id]).slice(0, 80), { url: fromCursor(operation, instant, id) }),
  )
  expect(faultsOf(sent, [200, 400, 404, 414, 431])).toEqual([])
})

test('malformed headers are a 400 or 401, or are ignored', async () => {
  const headers: Record<string, string>[] = [
    { 'idempotency-key': 'x'.repeat(256) },
    { 'idempotency-key': 'a b' },
    { 'x-correlation-id': '<script>' },
    { 'x-correlation-id': 'x'.repeat(5_000) },
    { 'x-forwarded-for': "'; drop table users; --" },
    { forwarded: 'for=1.2.3.4' },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${'x'.repeat(8_000)}` },
    { authorization: 'Basic YWRtaW46YWRtaW4=' },
    { authorization: 'Bearer a b c' },
    { 'if-none-match': '"\\' },
    { 'accept-language': 'x'.repeat(2_000) },
  ]
  const all = operations
    .filter(({ route }) => route.method === 'GET')
    .flatMap((operation) => headers.map((header) => ({ operation, header })))
  const sent = await sendAll(all, ({ operation, header }) => {
    const { query: { cursor: _, ...query } = {}, ...good } = goodOf(operation)
    return send(operation, JSON.stringify(header).slice(0, 60), {
      url: urlOf(operation, { ...good, query }),
      headers: header,
    })
  })
  expect(faultsOf(sent, [200, 304, 400, 401, 403, 404, 409])).toEqual([])
})

test('none of the refused requests stored anything', async () => {
  expect(await contents()).toEqual(before)
})

test('hostile text in free text fields is stored unchanged', async () => {
  const names = Object.values(hostileTexts).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && !hasLink(text))
  for (const name of names) {
    const { firstName } = living.stranger.session().user
    const changed = await living.stranger.auth.updateMe({ body: { firstName: name } })
    expect(changed).toMatchObject({ status: 200, body: { firstName: name } })
    await living.stranger.auth.updateMe({ body: { firstName } })
  }
})

test('no log contains a secret or an address', async () => {
  // Sends every valid request once, so that the secrets reach every service.
  await living.buyer.buy({ ...living.sale, quantity: 1 }, { paymentToken: SECRET })
  await living.buyer.auth.login({ body: { email: living.buyer.email, password: SECRET } })
  await living.buyer.auth.resetPassword({ body: { token: SECRET, password: SECRET } })
  const logs = path.join(running.folder, 'logs')
  const sentSecrets = [
    SECRET,
    living.buyer.password,
    living.buyer.session().refreshToken,
    living.buyer.session().accessToken,
    token,
  ]
  const forbidden = [...sentSecrets, living.buyer.email, living.organizer.email, 'do_not_write']
  const found = readdirSync(logs).flatMap((file) => {
    const text = readFileSync(path.join(logs, file), 'utf8')
    return forbidden
      .filter((secret) => text.includes(secret))
      .map((secret) => `${file}: ${secret.slice(0, 12)}`)
  })
  expect(readdirSync(logs).length).toBeGreaterThan(5)
  expect(found).toEqual([])
})

/** Returns the row count and a checksum of every table of every service. */
async function contents(): Promise<Record<string, string>> {
  const tables: Record<string, string> = {}
  for (const service of serviceKeys) {
    const pool = new pg.Pool({ connectionString: running.system.databaseUrl(service), max: 1 })
    const { rows } = await pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'
         and table_type = 'BASE TABLE'`,
    )
    for (const { name } of rows) {
      // published messages move from one to the other
      if (name === 'outbox' || name === 'message_archive') continue
      const sum = await pool.query<{ sum: string }>(
        `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as sum
         from "${name}" t`,
      )
      tables[`${service}.${name}`] = sum.rows[0]?.sum ?? ''
    }
    await pool.end()
  }
  return tables
}
