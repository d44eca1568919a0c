import { authInternalRoutes, eventsInternalRoutes, ticketsInternalRoutes } from '@boxoffice/contracts'
import { createMessaging, type Messaging } from '@boxoffice/messaging'
import {
  type Client,
  createFoundation,
  createGuard,
  createInternalClient,
  type Foundation,
} from '@boxoffice/service-kit'
import type { Config } from './config.ts'
import {
  findCancelledEvents,
  isEventCancelled,
  lockEventStates,
} from './event-refunds/cancelled-event-repository.ts'
import { createEventRefunder } from './event-refunds/refund-event.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { createOrderCommandMetrics, type OrderCommandMetrics } from './order-commands/metrics.ts'
import { createQueuedOrders, type QueuedOrders } from './order-commands/queued-orders.ts'
import { type Access, createAccess } from './orders/access.ts'
import { applyToOrders } from './orders/order-changes-repository.ts'
import { createOrderWatch, type WatchOrder } from './orders/order-watch.ts'
import { createOrderPlacer, type PlaceOrder } from './orders/place-together.ts'
import { applyToRefunds } from './refunds/refund-repository.ts'
import { type Apply, type ApplyAll, createApplier, oneByOne } from './saga/apply.ts'
import { createDriver, type Drive } from './saga/drive.ts'
import { isBooked } from './saga/ledger-repository.ts'
import { createRemoteSteps } from './saga/make-call.ts'
import { createSagaMetrics, type SagaMetrics } from './saga/metrics.ts'
import { createMover } from './saga/move-together.ts'
import { createResumer } from './saga/resume.ts'
import { createNaming } from './seat-purchases/holder-name.ts'
import { createWebhookKeeper } from './webhooks/keep-webhooks.ts'
import { createWebhookProcessor } from './webhooks/process.ts'

export interface Dependencies extends Foundation {
  config: Config
  messaging: Messaging
  gateway: Gateway
  access: Access
  tickets: Client<typeof ticketsInternalRoutes>
  /** Returns the name for a ticket if the buyer gave none. */
  nameOf: ReturnType<typeof createNaming>
  watchOrder: WatchOrder
  sagaMetrics: SagaMetrics
  orderCommandMetrics: OrderCommandMetrics
  queuedOrders: QueuedOrders
  apply: Apply
  applyAll: ApplyAll
  placeOrder: PlaceOrder
  drive: Drive
  resumer: ReturnType<typeof createResumer>
  eventRefunder: ReturnType<typeof createEventRefunder>
  keepWebhook: ReturnType<typeof createWebhookKeeper>
  webhooks: ReturnType<typeof createWebhookProcessor>
  close(): Promise<void>
}

export function createDependencies(
  config: Config,
  userKeys?: Parameters<typeof createFoundation>[1],
  overrides: Partial<Pick<Foundation, 'now'>> = {},
): Dependencies {
  const foundation = { ...createFoundation(config, userKeys), ...overrides }
  const { db, logger, metrics, crashAt, now, newId } = foundation
  const messaging = createMessaging(foundation, config.messaging)

  const { tickets, events, users, gateway, closeClients } = createClients(config, foundation)

  const sagaMetrics = createSagaMetrics(db, metrics)
  const applyAll = createApplier({
    ...{ appendAll: messaging.appendAll, metrics: sagaMetrics, config },
    records: { applyToOrders, applyToRefunds, findCancelledEvents, lockEventStates },
  })
  const apply = oneByOne(applyAll)
  const move = createMover({ db, crashAt }, applyAll)
  const step = createRemoteSteps({
    tickets,
    gateway,
    isEventCancelled: (eventId) => isEventCancelled(db, eventId),
    isBooked: (reference) => isBooked(db, reference),
    ...{ crashAt, now, newId, unknownLimitMs: config.paymentUnknownLimitMs },
  })
  const { append } = messaging
  const drive = createDriver({ ...{ db, append, step, move, crashAt }, ...{ logger, sagaMetrics, config } })
  const paced = { db, drive, now, logger, intervalMs: config.sagaPollMs, leaseMs: config.leaseMs }
  const resumer = createResumer(paced)
  const orderCommandMetrics = createOrderCommandMetrics(metrics)
  const queuedOrders = createQueuedOrders({
    ...{ ...paced, metrics: orderCommandMetrics },
    workers: config.orderWorkers,
  })
  const webhooks = createWebhookProcessor({
    ...{ db, append: messaging.append, apply, newId, logger },
    onSagaDue: resumer.nudge,
    intervalMs: config.webhookPollMs,
  })
  const perSecond = config.eventRefundsPerSecond
  const eventRefunder = createEventRefunder({ ...paced, apply, newId, perSecond })

  return {
    ...foundation,
    config,
    messaging,
    gateway,
    access: createAccess(events),
    tickets,
    nameOf: createNaming(users, logger),
    watchOrder: createOrderWatch({ db, logger }),
    sagaMetrics,
    orderCommandMetrics,
    queuedOrders,
    apply,
    applyAll,
    placeOrder: createOrderPlacer(db, config),
    drive,
    resumer,
    eventRefunder,
    keepWebhook: createWebhookKeeper(db),
    webhooks,
    async close() {
      await closeClients()
      messaging.close()
      foundation.revocations.close()
      await foundation.pool.end()
    },
  }
}

/** Creates the clients of the other services. */
function createClients(config: Config, foundation: Foundation) {
  const to = (callee: 'tickets' | 'events' | 'auth', baseUrl: string) => ({
    ...foundation,
    callee,
    baseUrl,
    policy: config.policies[callee],
  })
  const tickets = createInternalClient(ticketsInternalRoutes, to('tickets', config.ticketsUrl))
  const events = createInternalClient(eventsInternalRoutes, to('events', config.eventsUrl))
  const users = createInternalClient(authInternalRoutes, {
    ...to('auth', config.authUrl),
    responseTimeoutMs: config.holderNameTimeoutMs,
  })
  const gatewayGuard = createGuard('gateway', config.policies.gateway, foundation, config.stripe)
  const gateway = createGateway({ ...config.stripe, guard: gatewayGuard, logger: foundation.logger })
  return {
    ...{ tickets, events, users, gateway },
    async closeClients() {
      gatewayGuard.close()
      await Promise.all([tickets.close(), events.close(), users.close()])
    },
  }
}
