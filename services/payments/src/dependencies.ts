import { ticketsInternalRoutes } from '@boxoffice/contracts'
import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createFoundation, createGuard, createInternalClient, type Foundation, sqlOfPool } from '@boxoffice/service-kit'
import type { Config } from './config.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { createApplier } from './saga/apply.ts'
import { createDriver, type Drive } from './saga/drive.ts'
import { measureSagas } from './saga/metrics.ts'
import { createResumer } from './saga/resume.ts'
import { isEventCancelled } from './saga/saga-repository.ts'
import { createSteps } from './saga/steps.ts'
import { createWebhookProcessor } from './webhooks/process.ts'

export interface Dependencies extends Foundation {
  config: Config
  messaging: Messaging
  gateway: Gateway
  ticketsState(): 'UP' | 'DEGRADED'
  apply: ReturnType<typeof createApplier>
  drive: Drive
  resumer: ReturnType<typeof createResumer>
  webhooks: ReturnType<typeof createWebhookProcessor>
  close(): Promise<void>
}

export function createDependencies(config: Config, userKeys?: Parameters<typeof createFoundation>[1]): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, logger, metrics, identity, crashAt, now } = foundation
  const messaging = createMessaging(foundation, config.messaging)

  const ticketsGuard = createGuard('tickets', config.policies.tickets, metrics)
  const tickets = createInternalClient(ticketsInternalRoutes, {
    callee: 'tickets',
    baseUrl: config.ticketsUrl,
    identity,
    guard: ticketsGuard,
    policy: config.policies.tickets,
  })
  const gatewayGuard = createGuard('gateway', config.policies.gateway, metrics)
  const gateway = createGateway({ ...config.stripe, guard: gatewayGuard })

  const apply = createApplier(messaging.append)
  const step = createSteps({
    tickets,
    gateway,
    isEventCancelled: (eventId) => isEventCancelled(sqlOfPool(pool), eventId),
    crashAt,
    now,
    unknownLimitMs: config.paymentUnknownLimitMs,
  })
  const drive = createDriver({ pool, messaging, step, apply, crashAt, logger })
  measureSagas(pool, metrics.registry)
  const resumer = createResumer({ pool, drive, logger, now, intervalMs: config.sagaPollMs })
  const webhooks = createWebhookProcessor({ messaging, apply, onSagaDue: resumer.nudge, logger })

  return {
    ...foundation,
    config,
    messaging,
    gateway,
    ticketsState: ticketsGuard.state,
    apply,
    drive,
    resumer,
    webhooks,
    async close() {
      ticketsGuard.close()
      gatewayGuard.close()
      await tickets.close()
      messaging.close()
      await pool.end()
    },
  }
}
