import type { Messaging } from '@boxoffice/messaging'
import type { Database, Worker } from '@boxoffice/service-kit'
import type { QueuedOrders } from './queued-orders.ts'
import { type OrderCommandDeps, orderCommandSubscribers } from './subscriptions.ts'

/**
 * Takes order commands off their queue, and works on the orders that it begins, each in one of
 * `ORDER_WORKERS` slots: while all of them are taken nothing is received. A process that dies with an order
 * in a slot leaves it to the resumer, as ever. Once it is to stop no order begins: the last receive may
 * bring some, and they are another instance's.
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
