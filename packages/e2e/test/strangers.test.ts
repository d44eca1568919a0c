import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { Route } from '@boxoffice/contracts'
import * as contracts from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Operation, type OperationName, operations } from '../src/contract/catalogue.ts'
import { goodRequests, type WireRequest, type World } from '../src/contract/requests.ts'
import { checkResponse } from '../src/contract/send.ts'
import type { Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'
import { badTokens, serviceToken, signToken } from './tokens.ts'
import { createWorld, type LivingWorld } from './world.ts'

// Calls every route as users without permission.

let running: TestSystem
let living: LivingWorld
let world: World

beforeAll(async () => {
  running = await useTestSystem()
  living = await createWorld(running)
  world = { ...living.ids, secret: 'pm_card_visa' } as World
})
afterAll(() => running?.expectDocumented())

async function call({ name, route }: Operation, headers: Record<string, string>, over: Partial<World> = {}) {
  const { params = {}, query = {}, body }: WireRequest = goodRequests[name]?.({ ...world, ...over }) ?? {}
  const { cursor: _, ...rest } = query
  const path = route.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ''))
  const url = Object.keys(rest).length > 0 ? `${path}?${new URLSearchParams(rest)}` : path
  const response = await fetch(running.edge + url, {
    method: route.method,
    headers: {
      'idempotency-key': randomUUID(),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  await checkResponse(running.check, route.method, url, response)
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  if (isStream) await response.body?.cancel()
  return { status: response.status, error: isStream ? null : await errorOf(response) }
}
const errorOf = async (response: Response): Promise<string | null> => {
  if (response.status < 400) return null
  return ((await response.json()) as { error: string }).error
}

const guarded = operations.filter(({ route }) => route.access !== 'anyone')

describe('a token', () => {
  test('that is forged opens no route, not even a public one', async () => {
    const { user } = living.organizer.session()
    const everything = { ...user, roles: ['USER', 'ORGANIZER', 'ADMIN'] as const }
    const tokens = await badTokens(running, { ...everything, roles: [...everything.roles] })
    const passed: string[] = []
    for (const [what, authorization] of Object.entries(tokens)) {
      for (const operation of guarded) {
        const { status, error } = await call(operation, { authorization })
        if (status !== 401 || error !== 'UNAUTHENTICATED')
          passed.push(`${operation.name} with a token ${what}: ${status} ${error}`)
      }
    }
    expect(passed).toEqual([])
  })

  test('that has expired or was revoked is refused everywhere, with its own error', async () => {
    const { user } = living.organizer.session()
    const expired = await signToken(running, user, {
      roles: ['USER', 'ORGANIZER', 'ADMIN'],
      expires: '-1m',
      issuedInSeconds: -600,
    })
    const gone = await running.person({ firstName: 'Gone', lastName: 'Away' }, { organizer: true })
    const headers = gone.headers()
    await gone.auth.logout({ body: { refreshToken: gone.session().refreshToken } })
    const passed: string[] = []
    for (const operation of guarded) {
      const answers = [
        await call(operation, { authorization: `Bearer ${expired}` }),
        await call(operation, headers),
      ]
      if (
        JSON.stringify(answers) !==
        JSON.stringify([
          { status: 401, error: 'TOKEN_EXPIRED' },
          { status: 401, error: 'UNAUTHENTICATED' },
        ])
      ) {
        passed.push(`${operation.name}: ${JSON.stringify(answers)}`)
      }
    }
    expect(passed).toEqual([])
  })

  test('that is missing is refused by every route that requires a user', async () => {
    const passed: string[] = []
    for (const operation of guarded.filter(({ route }) => route.access !== 'visitor')) {
      const { status } = await call(operation, {})
      if (status !== 401) passed.push(`${operation.name}: ${status}`)
    }
    expect(passed).toEqual([])
  })
})

describe('another user', () => {
  /** Public once the event is published. */
  const open: readonly OperationName[] = [
    'events.getEvent',
    'events.getSeatingPlan',
    'tickets.listTicketTypes',
    'tickets.getSeatMap',
    'tickets.watchSeatMap',
    'analytics.countSoldTickets',
  ]
  /** Lists the caller's own items; parameters only narrow the list. */
  const ofOnesOwn: readonly OperationName[] = ['analytics.listSales', 'tickets.listReservations']
  /** Names an event and creates something for the caller. */
  const forAnybody: readonly OperationName[] = [
    'tickets.createReservation',
    'payments.createOrder',
    'payments.buySeat',
    'events.createEvent',
  ]
  const namesAThing = ({ name }: Operation): boolean => {
    const { params = {}, query = {}, body = {} } = goodRequests[name]?.(world) ?? {}
    return [...Object.keys(params), ...Object.keys(query), ...Object.keys(body as object)].some((key) =>
      /Id$/.test(key),
    )
  }
  const withIds = () =>
    guarded.filter(
      (operation) =>
        namesAThing(operation) && ![...open, ...ofOnesOwn, ...forAnybody].includes(operation.name),
    )

  const trespassesOf = async (who: Person) => {
    const trespasses: string[] = []
    for (const operation of withIds()) {
      const { status, error } = await call(operation, who.headers())
      if (status !== 403 && status !== 404) trespasses.push(`${operation.name}: ${status} ${error}`)
    }
    return trespasses
  }

  test('with the role of a user can neither see nor change what they do not own', async () => {
    expect(withIds().length).toBeGreaterThan(15)
    expect(await trespassesOf(living.stranger)).toEqual([])
  })
  test('with the role of an organizer can neither see nor change another’s', async () => {
    expect(await trespassesOf(living.otherOrganizer)).toEqual([])
  })
  test('gets the same response for an existing and a missing item', async () => {
    const ids = [
      'reservationId',
      'orderId',
      'ticketId',
      'notificationId',
      'subscriptionId',
      'transferId',
    ] as const
    const nothing = Object.fromEntries(ids.map((id) => [id, randomUUID()])) as Partial<World>
    const leaks: string[] = []
    for (const operation of withIds().filter(
      ({ route }) => route.access === 'user' || route.access === 'proven',
    )) {
      const [there, none] = [
        await call(operation, living.stranger.headers()),
        await call(operation, living.stranger.headers(), nothing),
      ]
      if (JSON.stringify(there) !== JSON.stringify(none))
        leaks.push(`${operation.name}: ${JSON.stringify([there, none])}`)
    }
    expect(leaks.filter((line) => !line.startsWith('payments.listOrders'))).toEqual([])
  })
  test('cannot detect a draft', async () => {
    const draft = { eventId: living.draft.eventId }
    const ofEvents = operations.filter(({ name, route }) => {
      const { params = {}, query = {}, body = {} } = goodRequests[name]?.(world) ?? {}
      if (route.access === 'operator' || ofOnesOwn.includes(name)) return false
      return [params, query, body as object].some((part) => 'eventId' in part)
    })
    expect(ofEvents.length).toBeGreaterThan(10)
    const leaks: string[] = []
    for (const operation of ofEvents) {
      for (const who of [living.otherOrganizer, living.stranger]) {
        const { status, error } = await call(operation, who.headers(), { ...draft, userId: who.userId })
        const lacksRole = who === living.stranger && operation.route.access === 'organizer'
        const isHidden = status === 404 || (status === 409 && error === 'EVENT_NOT_ON_SALE')
        if (lacksRole ? status !== 403 : !isHidden) leaks.push(`${operation.name}: ${status} ${error}`)
      }
    }
    expect(leaks).toEqual([])
  })
  test('finds no reservations of others, and cannot detect events from the list', async () => {
    const answers = [world.eventId, living.draft.eventId, randomUUID() as typeof world.eventId].map(
      async (eventId) => living.stranger.tickets.listReservations({ query: { eventId } }),
    )
    for (const answer of await Promise.all(answers)) {
      expect(answer).toEqual({ status: 200, body: { reservations: [], nextCursor: null } })
    }
  })
  test('without the operator role sees no operator routes', async () => {
    const forOperators = guarded.filter(({ route }) => route.access === 'operator')
    expect(forOperators.length).toBeGreaterThan(20)
    for (const operation of forOperators) {
      for (const who of [living.stranger, living.organizer]) {
        expect(await call(operation, who.headers()), operation.name).toEqual({
          status: 403,
          error: 'FORBIDDEN',
        })
      }
    }
  })
})

describe('an internal path', () => {
  const internal = Object.entries(contracts)
    .filter(([name]) => /Routes$/.test(name))
    .flatMap(([, routes]) => Object.values(routes as Record<string, Route>))
    .filter(({ access }) => typeof access === 'object')

  const spellings: ((path: string) => string)[] = [
    (path) => path,
    (path) => `${path}/`,
    (path) => path.replace('/internal/', '/INTERNAL/'),
    (path) => path.replace('/internal/', '/%69nternal/'),
    (path) => path.replace('/internal/', '/%2569nternal/'),
    (path) => path.replace('/internal/', '//internal/'),
    (path) => path.replace('/internal/', '/./internal/'),
    (path) => path.replace('/internal/', '/%2e/internal/'),
    (path) => path.replace('/internal/', '/x/../internal/'),
    (path) => path.replace('/internal/', '/x/%2e%2e/internal/'),
    (path) => path.replace('/internal/', '\\internal\\'),
    (path) => path.replace('/internal/', '/internal%2f'),
    (path) => path.replace('/internal/', '%2finternal/'),
    (path) => path.replace('/internal/', ';x/internal/'),
    (path) => path.replace('/internal/', '/internal;x/'),
    (path) => path.replace('/internal/', '/internal%00/'),
    (path) => path.replace('/internal/', '/ınternal/'),
    (path) => path.replace('/api/', '/API/'),
    (path) => path.replace('/api/', '/api//'),
    (path) => `http://127.0.0.1${path}`,
  ]

  /** Sends the path unchanged; fetch would normalise it. */
  const raw = (method: string, path: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(running.edge)
      const request = http.request({ hostname, port, method, path, headers }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      request.on('error', reject)
      request.end()
    })

  test('cannot be reached through the edge by any spelling, with any token', async () => {
    expect(internal.length).toBeGreaterThan(15)
    const token = await serviceToken(running, 'payments', 'ticket-service')
    const service = { authorization: `Service-Token ${token}`, 'x-service-name': 'payment-service' }
    const reached: string[] = []
    for (const { method, path } of internal) {
      const filled = path.replace(/:\w+/g, randomUUID())
      for (const spell of spellings) {
        for (const headers of [living.organizer.headers(), service]) {
          const spelled = encodeNonAscii(spell(filled))
          const status = await raw(method, spelled, headers)
          // 400: the edge's parser rejects the path.
          if (status !== 404 && status !== 400) reached.push(`${method} ${spelled}: ${status}`)
        }
      }
    }
    expect(reached).toEqual([])
  })
  test('is not in any OpenAPI document', async () => {
    for (const service of contracts.serviceKeys) {
      const { paths } = (await (await fetch(`${running.edge}/api/${service}/openapi.json`)).json()) as {
        paths: object
      }
      expect(Object.keys(paths).filter((path) => path.includes('internal'))).toEqual([])
    }
  })
})
const encodeNonAscii = (path: string) =>
  path.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character))
