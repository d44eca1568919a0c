import type { Messaging } from '@boxoffice/messaging'
import type { Database, Worker } from '@boxoffice/service-kit'
import type { QueuedOrders } from './queued-orders.ts'
import { type OrderCommandDeps, orderCommandSubscribers } from './subscriptions.ts'

/**
 * Receives order commands and runs the orders that they begin in `ORDER_WORKERS` slots; while none is free,
 * nothing is received. If the process dies, the resumer continues its orders. After a stop no order begins;
 * the last receive may bring some, which another instance begins.
 */
export function createOrderWorker(
  deps: OrderCommandDeps & {
    db: Database
    messaging: Pick<Messaging, 'consumeWith'>
    queuedOrders: QueuedOrders
  },
): Worker {
  const { db, messaging, queuedOrders } = deps
  const consumer = messaging.consumeWith('order-commands.fifo', orderCommandSubscribers(deps), {
    db,
    capacity: queuedOrders.slots,
  })
  return {
    name: consumer.name,
    start() {
      queuedOrders.start()
      consumer.start()
    },
    async stop() {
      await Promise.all([queuedOrders.stop(), consumer.stop()])
      await queuedOrders.slots.idle()
    },
  }
}
