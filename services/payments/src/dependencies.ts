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
import { isEventCancelled } from './event-refunds/cancelled-event-repository.ts'
import { createEventRefunder } from './event-refunds/refund-event.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { createOrderCommandMetrics, type OrderCommandMetrics } from './order-commands/metrics.ts'
import { createQueuedOrders, type QueuedOrders } from './order-commands/queued-orders.ts'
import { type Access, createAccess } from './orders/access.ts'
import { createOrderWatch, type WatchOrder } from './orders/order-watch.ts'
import { createOrderPlacer, type PlaceOrder } from './orders/place-together.ts'
import { type Apply, type ApplyAll, createApplier, oneByOne } from './saga/apply.ts'
import { createDriver, type Drive } from './saga/drive.ts'
import { isBooked } from './saga/ledger.ts'
import { createSagaMetrics, type SagaMetrics } from './saga/metrics.ts'
import { createMover } from './saga/move-together.ts'
import { createRemoteSteps } from './saga/remote-steps.ts'
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
  /** The name that a ticket bears when none is given. */
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
  const gateway = createGateway({ ...config.stripe, guard: gatewayGuard, logger })

  const sagaMetrics = createSagaMetrics(db, metrics)
  const applyAll = createApplier(messaging.appendAll, sagaMetrics, config)
  const apply = oneByOne(applyAll)
  const move = createMover({ db, crashAt }, applyAll)
  const step = createRemoteSteps({
    tickets,
    gateway,
    isEventCancelled: (eventId) => isEventCancelled(db, eventId),
    isBooked: (reference) => isBooked(db, reference),
    crashAt,
    now,
    newId,
    unknownLimitMs: config.paymentUnknownLimitMs,
  })
  const drive = createDriver({
    db,
    append: messaging.append,
    step,
    move,
    crashAt,
    logger,
    sagaMetrics,
    config,
  })
  const resumer = createResumer({
    db,
    drive,
    logger,
    now,
    intervalMs: config.sagaPollMs,
    leaseMs: config.leaseMs,
  })
  const orderCommandMetrics = createOrderCommandMetrics(metrics)
  const queuedOrders = createQueuedOrders({
    ...{ db, drive, now, logger, metrics: orderCommandMetrics },
    workers: config.orderWorkers,
    intervalMs: config.sagaPollMs,
    leaseMs: config.leaseMs,
  })
  const webhooks = createWebhookProcessor({
    ...{ db, append: messaging.append, apply, newId, logger },
    onSagaDue: resumer.nudge,
    intervalMs: config.webhookPollMs,
  })
  const eventRefunder = createEventRefunder({
    db,
    apply,
    drive,
    now,
    newId,
    logger,
    intervalMs: config.sagaPollMs,
    perSecond: config.eventRefundsPerSecond,
    leaseMs: config.leaseMs,
  })

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
      gatewayGuard.close()
      await Promise.all([tickets.close(), events.close(), users.close()])
      messaging.close()
      foundation.revocations.close()
      await foundation.pool.end()
    },
  }
}
