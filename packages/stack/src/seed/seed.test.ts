import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type Event,
  type NewSeatingPlan,
  seatCountOf,
  type TicketType,
  type User,
} from '@boxoffice/contracts'
import { claimPort } from '@boxoffice/testing'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { z } from 'zod'
import { seedDemo } from './seed.ts'

type Wire<S extends z.ZodType> = z.input<S>
interface Account {
  user: Wire<typeof User>
  password: string
}

const planOf = (eventId: string, { zones }: Wire<typeof NewSeatingPlan>) => ({
  eventId,
  planVersion: 1,
  seatCount: seatCountOf(zones),
  zones,
})

let folder: string
let edgeUrl: string
let edge: FastifyInstance
let accounts: Account[]
let events: Wire<typeof Event>[]
let types: Wire<typeof TicketType>[]
let plans: Map<string, Wire<typeof NewSeatingPlan>>

/** What of the public API the seed uses, as strict about roles and states as the services. */
const createApi = (): FastifyInstance => {
  const api = Fastify()
  const refusal = (error: string) => ({ error, message: error, requestId: 'r' })
  const session = ({ user }: Account) => {
    const accessToken = `${user.userId} ${user.roles.join(',')}`
    return { user, accessToken, refreshToken: 'r', expiresIn: 600 }
  }
  const caller = (request: FastifyRequest) => {
    const [userId, roles] = String(request.headers.authorization).replace('Bearer ', '').split(' ')
    return {
      account: accounts.find(({ user }) => user.userId === userId),
      isOrganizer: roles?.includes('ORGANIZER'),
    }
  }
  const now = new Date().toISOString()

  api.post('/api/auth/login', (request, reply) => {
    const { email, password } = request.body as Record<string, string>
    const account = accounts.find(({ user }) => user.email === email)
    if (account?.password !== password) return reply.code(401).send(refusal('INVALID_CREDENTIALS'))
    return reply.send(session(account as Account))
  })
  api.post('/api/auth/register', (request, reply) => {
    const { password, ...names } = request.body as {
      email: string
      password: string
      firstName: string
      lastName: string
    }
    if (accounts.some(({ user }) => user.email === names.email))
      return reply.code(409).send(refusal('EMAIL_TAKEN'))
    const user = {
      ...names,
      userId: randomUUID(),
      locale: 'en',
      emailVerified: false,
      roles: ['USER' as const],
      createdAt: now,
    }
    accounts.push({ user, password: String(password) })
    return reply.code(201).send(session(accounts.at(-1) as Account))
  })
  api.post('/api/auth/verify-email', (request, reply) => {
    const { token, password } = request.body as Record<string, string>
    const account = accounts.find(({ user }) => `token-of-${user.userId}` === token)
    if (!account || account.password !== password) return reply.code(400).send(refusal('TOKEN_INVALID'))
    account.user.emailVerified = true
    return reply.code(204).send()
  })
  api.get('/store', () => ({
    emails: accounts.map(({ user }) => ({
      subject: 'Confirm your address',
      attachments: [],
      destination: { to: [user.email] },
      body: { text: `Confirm: ${edgeUrl}/verify-email#token=token-of-${user.userId}` },
    })),
  }))
  api.post('/api/auth/organizer', (request, reply) => {
    const { account } = caller(request)
    if (!account?.user.emailVerified) return reply.code(403).send(refusal('EMAIL_NOT_VERIFIED'))
    account.user.roles.push('ORGANIZER')
    return account.user
  })
  api.get<{ Params: { id: string } }>('/api/events/:id', (request, reply) => {
    const event = events.find(({ eventId }) => eventId === request.params.id)
    return event ?? reply.code(404).send(refusal('EVENT_NOT_FOUND'))
  })
  api.post('/api/events', (request, reply) => {
    if (!caller(request).isOrganizer) return reply.code(403).send(refusal('FORBIDDEN'))
    const made = { eventId: randomUUID(), organizerId: randomUUID(), venueId: randomUUID(), status: 'DRAFT' }
    events.push({ ...(request.body as Wire<typeof Event>), ...made, createdAt: now, updatedAt: now } as Wire<
      typeof Event
    >)
    return reply.code(201).send(events.at(-1))
  })
  api.post<{ Params: { id: string } }>('/api/events/:id/publish', (request) => {
    const event = events.find(({ eventId }) => eventId === request.params.id) as Wire<typeof Event>
    event.status = 'PUBLISHED'
    return event
  })
  api.get<{ Params: { id: string } }>('/api/events/:id/seating-plan', (request, reply) => {
    const plan = plans.get(request.params.id)
    return plan ? planOf(request.params.id, plan) : reply.code(404).send(refusal('SEATING_PLAN_NOT_FOUND'))
  })
  api.put<{ Params: { id: string }; Body: Wire<typeof NewSeatingPlan> }>(
    '/api/events/:id/seating-plan',
    (request) => {
      plans.set(request.params.id, request.body)
      return planOf(request.params.id, request.body)
    },
  )
  api.get<{ Querystring: { eventId: string } }>('/api/tickets/types', (request) => ({
    ticketTypes: types.filter(({ eventId }) => eventId === request.query.eventId),
  }))
  api.post('/api/tickets/types', (request, reply) => {
    const { quantity = 0, ...rest } = request.body as Wire<typeof TicketType> & { quantity?: number }
    const made = {
      ticketTypeId: randomUUID(),
      kind: rest.zoneIds ? 'SEATED' : 'GENERAL',
      maxPerOrder: 10,
    } as const
    types.push({ ...rest, ...made, quantityTotal: quantity, quantityAvailable: quantity })
    return reply.code(201).send(types.at(-1))
  })
  return api
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-seed-'))
  accounts = []
  events = []
  types = []
  plans = new Map()
  edge = createApi()
  edgeUrl = await edge.listen({ host: '127.0.0.1', port: await claimPort() })
})
afterEach(async () => {
  await edge.close()
  rmSync(folder, { recursive: true, force: true })
})
const seed = (now = new Date()) => seedDemo({ edgeUrl, mailsUrl: `${edgeUrl}/store`, folder, now: () => now })
const idsOf = (demo: Awaited<ReturnType<typeof seedDemo>>) =>
  Object.values(demo.events).map(({ eventId }) => eventId)
const remembered = () => path.join(folder, 'demo.json')

test('creates an organizer, a buyer and three published events of different kinds', async () => {
  const demo = await seed()
  expect(accounts.map(({ user }) => [user.email, user.roles])).toEqual([
    ['organizer@boxoffice.example', ['USER', 'ORGANIZER']],
    ['buyer@boxoffice.example', ['USER']],
  ])
  expect(accounts.map(({ password }) => password)).toEqual([demo.organizer.password, demo.buyer.password])
  expect(events.map(({ name, status }) => [name, status])).toEqual([
    ['Riverside Festival', 'PUBLISHED'],
    ['The Lighthouse Keeper', 'PUBLISHED'],
    ['Basement Frequencies', 'PUBLISHED'],
  ])
  for (const { eventDate } of Object.values(demo.events))
    expect(eventDate.getTime()).toBeGreaterThan(Date.now())
  expect(types.map(({ name, unitPrice }) => [name, unitPrice])).toEqual([
    ['Day ticket', 50],
    ['Riverbank terrace', 120],
    ['Stalls', 75],
    ['Circle', 55],
    ['Balcony', 30],
    ['Early bird', 15],
    ['Standard', 22],
  ])
  expect(statSync(remembered()).mode & 0o777).toBe(0o600)
})

test('the theatre has 1,350 seats in three zones, each with its own ticket type', async () => {
  const { events } = await seed()
  const zones = plans.get(events.theatre.eventId)?.zones ?? []
  expect(zones.map((zone) => [zone.name, seatCountOf([zone])])).toEqual([
    ['Stalls', 600],
    ['Circle', 450],
    ['Balcony', 300],
  ])
  const ofTheatre = types.filter(({ eventId }) => eventId === events.theatre.eventId)
  expect(ofTheatre.map(({ zoneIds }) => zoneIds)).toEqual([[1], [2], [3]])
})

test('a second run creates nothing', async () => {
  const first = await seed()
  const kept = readFileSync(remembered(), 'utf8')
  const second = await seed()
  expect(idsOf(second)).toEqual(idsOf(first))
  expect([accounts.length, events.length, types.length, plans.size]).toEqual([2, 3, 7, 1])
  expect(readFileSync(remembered(), 'utf8')).toBe(kept)
})

test('an interrupted run is completed', async () => {
  await seed()
  types.splice(1, 2)
  plans.clear()
  for (const event of events) event.status = 'DRAFT'
  await seed()
  expect(types.map(({ name }) => name).toSorted()).toEqual(
    ['Day ticket', 'Riverbank terrace', 'Stalls', 'Circle', 'Balcony', 'Early bird', 'Standard'].toSorted(),
  )
  expect(plans.size).toBe(1)
  expect(events.map(({ status }) => status)).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED'])
})

test.each([
  ['has passed', () => {}, (event: Wire<typeof Event>) => new Date(event.eventDate)],
  [
    'was cancelled',
    (event: Wire<typeof Event>) => void Object.assign(event, { status: 'CANCELLED' }),
    () => new Date(),
  ],
  ['is gone', () => void events.shift(), () => new Date()],
])('a festival that %s is followed by another, for the same people', async (_what, happens, today) => {
  const first = await seed()
  const [event] = events as [Wire<typeof Event>]
  const now = today(event)
  happens(event)
  const second = await seed(now)
  expect(second.events.festival.eventId).not.toBe(first.events.festival.eventId)
  expect(second.events.theatre.eventId).toBe(first.events.theatre.eventId)
  expect(second.events.festival.eventDate.getTime()).toBeGreaterThan(now.getTime())
  expect(second.buyer).toEqual(first.buyer)
})

test('if the passwords are lost, new accounts are created', async () => {
  await seed()
  rmSync(remembered())
  const demo = await seed()
  expect(demo.organizer.email).toMatch(/^organizer-\w{4}@boxoffice\.example$/)
  expect(accounts).toHaveLength(4)
})
