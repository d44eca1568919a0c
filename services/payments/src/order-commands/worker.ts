import { transact, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { StoredSaga } from '../saga/saga-repository.ts'
import { createSlots } from './slots.ts'
import { orderCommandSubscribers, withEffects } from './subscriptions.ts'

/** As long as a buyer would wait: a limit of our own is waited for in the slot, which slows the queue down; then the resumer goes on. */
const WORK_MS = 10_000

/**
 * Takes order commands off their queue, and works the orders that it begins on, each in one of `ORDER_WORKERS` slots: while all of them
 * are taken nothing is received. Whoever dies with an order in a slot leaves it to the resumer, as ever.
 */
export function createOrderWorker(deps: Dependencies): Worker {
  const { pool, messaging, drive, now, logger, config, orderCommandMetrics } = deps
  const slots = createSlots(config.orderWorkers, orderCommandMetrics.busy)

  const driveOn = (saga: StoredSaga): void =>
    slots.take(() =>
      drive(saga, new Date(now().getTime() + WORK_MS)).catch((error) =>
        logger.error({ err: error, orderId: saga.orderId }, 'a saga stopped; it is resumed'),
      ),
    )
  const consumer = messaging.consumeWith('order-commands.fifo', orderCommandSubscribers(deps, driveOn), {
    transact: withEffects((work) => transact(pool, work)),
    sqlOf: (tx) => tx,
    room: slots,
  })
  return {
    ...consumer,
    async stop() {
      await consumer.stop()
      await slots.idle()
    },
  }
}
