import { randomUUID } from 'node:crypto'
import {
  analyticsInternalRoutes,
  analyticsOpsRoutes,
  analyticsProjectionRoutes,
  analyticsRoutes,
  eventCreated,
  eventPublished,
  isFifo,
  type MessageDefinition,
  type Role,
  ticketQueryRoutes,
  ticketsGenerated,
  ticketTypeChanged,
} from '@boxoffice/contracts'
import { closeService, createTestQueues, prepareService } from '@boxoffice/messaging/testing-service'
import { injectClient, patientPolicies, redisIsThere } from '@boxoffice/service-kit/testing'
import { measured } from '@boxoffice/testing'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees, loadConfig } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { buildWorkers } from '../src/workers.ts'
import { createPublisher, eventIds, purchase, snapshot, typeOf } from './history.ts'

/**
 * The analytics service with its own database and queues; what other services say is written into its own
 * outbox.
 */
export const startService = (overrides: Record<string, string | undefined> = {}) =>
  measured('servers', () => start(overrides))

async function start(overrides: Record<string, string | undefined>) {
  const base = await prepareService('analytics')
  const { authority } = base
  const environment = {
    ...base.environment,
    CACHE_REDIS_URL: inject('redisUrl'),
    CACHE_REFRESH_MS: '20',
    REBUILD_POLL_MS: '50',
    REBUILD_PAUSE_MS: '0',
    RESILIENCE: patientPolicies(callees),
    ...overrides,
  }
  const config = loadConfig(environment)
  const aws = await createTestQueues(config.messaging)
  const deps = createDependencies(config, authority.userKeys)
  const app = buildApp(deps)
  const workers = buildWorkers(deps)
  for (const worker of workers) worker.start()
  if (config.cacheRedisUrl) await redisIsThere(deps.metrics)

  /** Another service's message, through SNS and SQS. */
  async function say(
    definition: MessageDefinition,
    wire: { messageId: string; payload: object },
  ): Promise<void> {
    const payload = wire.payload as Record<string, string>
    for (const topic of definition.topics) {
      await deps.pool.query(
        `insert into outbox (message_id, topic, event_type, body, attributes, group_key, archivable)
         values ($1, $2, $3, $4, $5, $6, true)`,
        [
          wire.messageId,
          topic,
          definition.eventType,
          JSON.stringify(wire),
          JSON.stringify({ eventType: definition.eventType }),
          isFifo(topic) ? payload[definition.groupBy ?? ''] : null,
        ],
      )
    }
    deps.messaging.relay.nudge()
  }

  const as = async (roles: Role[] = ['USER'], userId?: string) => {
    const { headers, userId: id } = await authority.user(roles, userId)
    return {
      userId: id,
      headers,
      queries: injectClient(app, ticketQueryRoutes, headers),
      sales: injectClient(app, analyticsRoutes, headers),
      ops: injectClient(app, { ...analyticsOpsRoutes, ...analyticsProjectionRoutes }, headers),
    }
  }

  return {
    app,
    deps,
    config,
    environment,
    authority,
    say,
    as,
    visitor: injectClient(app, ticketQueryRoutes),
    cli: async () =>
      injectClient(app, analyticsInternalRoutes, () =>
        authority.service('boxoffice-cli', 'analytics-service'),
      ),
    /** An event with two types of 100 places each, and a publisher for further messages. */
    async publishEvent(status: 'PUBLISHED' | 'DRAFT' = 'PUBLISHED') {
      const name = randomUUID()
      const publisher = createPublisher(name)
      const publish = async (
        definition: MessageDefinition,
        payload: object,
        options: { version?: number; minute?: number } = {},
      ): Promise<Date> => {
        const { wire, at } = publisher.publish(definition, payload, options)
        await say(definition, wire)
        return at
      }
      await publish(eventCreated, snapshot(name, { status: 'DRAFT' }))
      await publish(ticketTypeChanged, typeOf(name, 0))
      await publish(ticketTypeChanged, typeOf(name, 1))
      if (status === 'PUBLISHED') await publish(eventPublished, snapshot(name), { version: 2 })
      const ids = eventIds(name)
      return {
        ...ids,
        name,
        eventId: ids.eventId as never,
        venueId: ids.venueId as never,
        publish,
        organizer: await as(['USER', 'ORGANIZER'], ids.organizerId),
        /** Sell one order of these types. */
        async sell(number: number, types: readonly (0 | 1)[], userId?: string) {
          const bought = purchase(name, number, types, userId)
          await publish(ticketsGenerated, bought.payload)
          return bought
        },
      }
    },
    stop: () => closeService({ servers: [() => app.close()], workers, deps, aws }),
  }
}
export type TestService = Awaited<ReturnType<typeof startService>>
