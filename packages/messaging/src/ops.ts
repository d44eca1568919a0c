import { type OpsRoutes, type QueueName, queues } from '@boxoffice/contracts'
import { type Cache, type Foundation, type Handlers, mountRoutes, type Sql } from '@boxoffice/service-kit'
import type { Messaging } from './messaging.ts'
import { cacheHandlers } from './ops-caches.ts'
import { outboxHandlers } from './ops-outbox.ts'
import { type TraceSource, traceHandlers } from './ops-trace.ts'

interface Deps {
  db: Sql
  messaging: Messaging
  caches?: readonly Cache[]
  /** What the service recorded besides its messages. */
  traceSources?: readonly TraceSource[]
}

/**
 * Mounts the operators' routes of a service: `/ops/queues`, `/ops/handlers`, `/ops/caches`, `/ops/outbox`.
 */
export function mountOps(
  app: Parameters<typeof mountRoutes>[0],
  routes: OpsRoutes,
  deps: Pick<Foundation, 'authenticate' | 'idempotency'> & Deps,
): void {
  mountRoutes(app, routes, opsHandlers(deps), deps)
}

function opsHandlers({ db, messaging, caches = [], traceSources = [] }: Deps): Handlers<OpsRoutes> {
  return {
    getQueues: async () => ({
      status: 200,
      body: { queues: await Promise.all(messaging.consumed().map(figuresOf)) },
    }),
    getHandlers: async () => ({
      status: 200,
      body: { since: messaging.handlers.since, handlers: messaging.handlers.list() },
    }),
    ...cacheHandlers(caches),
    ...outboxHandlers({ db, relay: messaging.relay }),
    ...traceHandlers(db, traceSources),
  }

  async function figuresOf({ queue, running }: { queue: QueueName; running: boolean }) {
    const { deadLetterQueue, visibilitySeconds, maxReceives } = queues[queue]
    const [depth, dead] = await Promise.all([
      messaging.queueDepth(queue),
      messaging.queueDepth(deadLetterQueue),
    ])
    const deadLetters = (dead?.visible ?? 0) + (dead?.inFlight ?? 0)
    return {
      queue,
      running,
      visible: 0,
      inFlight: 0,
      ...depth,
      visibilitySeconds,
      maxReceives,
      deadLetterQueue,
      deadLetters,
    }
  }
}
