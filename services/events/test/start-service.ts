import {
  type Event,
  type EventId,
  type EventInfo,
  eventsInternalRoutes,
  eventsRoutes,
  type NewEvent,
  SERVICE_UNAVAILABLE,
  ticketsOfEventRoutes,
} from '@boxoffice/contracts'
import { createProbe } from '@boxoffice/messaging/testing'
import { closeService, createTestQueues, prepareService } from '@boxoffice/messaging/testing-service'
import { refuse } from '@boxoffice/service-kit'
import { injectClient, redisIsThere, scaledMs, startPeer } from '@boxoffice/service-kit/testing'
import { measured } from '@boxoffice/testing'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'

export const DAY_MS = 86_400_000
export const inDays = (days: number) => new Date(Date.now() + days * DAY_MS)

export const festival = (changes: Partial<NewEvent> = {}): NewEvent => ({
  name: 'Łódź Summer Sounds',
  description: 'Three stages by the river.',
  eventDate: inDays(30),
  timeZone: 'Europe/Warsaw',
  category: 'MUSIC',
  venueName: 'Park Helenów',
  venueAddress: 'Północna 36, Łódź',
  ...changes,
})

/** A stub of the ticket service that records replicas of events, and returns the counts of a test. */
function ticketStub() {
  const state = {
    unavailable: false,
    replicas: new Map<EventId, EventInfo>(),
    counts: new Map<EventId, number>(),
  }
  const unavailable = () => refuse(SERVICE_UNAVAILABLE, { message: 'down' }) as never
  const start = () =>
    startPeer(ticketsOfEventRoutes, {
      putEventReplica: async ({ body }) => {
        if (state.unavailable) return unavailable()
        state.replicas.set(body.eventId, body)
        return { status: 204, body: undefined }
      },
      countTickets: async ({ params: { eventId } }) =>
        state.unavailable
          ? unavailable()
          : { status: 200, body: { eventId, ticketCount: state.counts.get(eventId) ?? 0 } },
    })
  return { state, start }
}

/** The event service on a database and topics of its own, with an ear on event-events. */
export const startService = (env: Record<string, string> = {}) => measured('servers', () => start(env))

async function start(env: Record<string, string>) {
  const { authority, environment } = await prepareService('events')
  const stub = ticketStub()
  const tickets = await stub.start()
  const config = loadConfig({
    ...environment,
    REDIS_URL: inject('redisUrl'),
    CACHE_REDIS_URL: inject('redisUrl'),
    TICKETS_URL: tickets.url,
    TICKETS_TIMEOUT_MS: String(scaledMs(30_000)),
    ...env,
  })
  const aws = await createTestQueues(config.messaging)
  const probe = await createProbe(aws, ['event-events'])
  const deps = createDependencies(config, authority.userKeys)
  const app = buildApp(deps)
  await app.ready()
  await redisIsThere(deps.metrics)
  const workers = buildWorkers(deps)
  for (const worker of workers) worker.start()
  const organizer = await authority.user(['USER', 'ORGANIZER'])
  const as = (headers: Record<string, string> = {}) => injectClient(app, eventsRoutes, headers)

  async function make(changes: Partial<NewEvent> = {}): Promise<Event> {
    const answer = await as(organizer.headers).createEvent({ body: festival(changes) })
    if (answer.status !== 201) throw new Error(answer.body.message)
    return answer.body
  }
  return {
    authority,
    deps,
    app,
    probe,
    organizer,
    tickets: stub.state,
    as,
    make,
    async makePublished(changes: Partial<NewEvent> = {}): Promise<Event> {
      const { eventId } = await make(changes)
      const answer = await as(organizer.headers).publishEvent({ params: { eventId } })
      if (answer.status !== 200) throw new Error(answer.body.message)
      return answer.body
    },
    internal: async (service: 'ticket-service' | 'payment-service' = 'ticket-service') =>
      injectClient(app, eventsInternalRoutes, () => authority.service(service, 'event-service')),
    close: () =>
      closeService({
        servers: [() => app.close()],
        workers,
        probe,
        deps,
        aws,
        stubs: [tickets.close],
      }),
  }
}
export type TestService = Awaited<ReturnType<typeof startService>>
