import { randomUUID } from 'node:crypto'
import { paymentsOpsRoutes, ticketsRejected, topics } from '@boxoffice/contracts'
import { createServiceApp, type Foundation } from '@boxoffice/service-kit'
import { injectClient } from '@boxoffice/service-kit/testing'
import { mountOps } from '../src/ops.ts'
import { createOutbox } from '../src/outbox.ts'
import { startPaymentService } from './payment-service.ts'

/**
 * Starts the payment service's messaging with its operators' routes, but neither its relay nor a consumer.
 */
export async function startOperatedService(
  optionsOf: (foundation: Foundation) => Partial<Parameters<typeof mountOps>[2]> = () => ({}),
) {
  const service = await startPaymentService()
  const { foundation, messaging, aws, config, authority } = service
  const about = { title: 'Payments', description: 'Payments.', path: '/api/payments' } as const
  const app = createServiceApp(foundation, { config, ...about, routes: paymentsOpsRoutes, health: {} })
  mountOps(app, paymentsOpsRoutes, { ...foundation, messaging, ...optionsOf(foundation) })
  const as = async (roles: ('USER' | 'ADMIN')[]) =>
    injectClient(app, paymentsOpsRoutes, (await authority.user(roles)).headers)
  /** Of a service that may publish everything; the relay finds what it writes. */
  const append = createOutbox({ ...foundation, topics })
  return {
    ...service,
    app,
    append,
    operator: await as(['USER', 'ADMIN']),
    stranger: await as(['USER']),
    /** Writes a message about an order; returns its id. */
    reject: (orderId = randomUUID()) =>
      foundation.db.transact((tx) =>
        append(tx, ticketsRejected, rejectionOf(orderId) as never, { aggregateVersion: 1 }),
      ),
    async close() {
      await app.close()
      messaging.close()
      aws.close()
      await foundation.pool.end()
    },
  }
}
export type OperatedService = Awaited<ReturnType<typeof startOperatedService>>

const rejectionOf = (orderId: string) => ({
  orderId,
  userId: randomUUID(),
  eventId: randomUUID(),
  reservationId: randomUUID(),
  reason: 'SEATS_GONE',
})
