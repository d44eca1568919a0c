import { createSweeper, type Logger, type Sql } from '@boxoffice/service-kit'
import type { Drive } from '../saga/drive.ts'
import { leaseDueSagas, parkSaga, type StoredSaga } from '../saga/saga-repository.ts'
import type { OrderCommandMetrics } from './metrics.ts'
import { createSlots, type Slot } from './slots.ts'

/**
 * As long as a buyer would wait: a limit of our own is waited for in the slot, which slows the queue down;
 * then the resumer goes on.
 */
const WORK_MS = 10_000

/**
 * The slots in which orders from the queue are worked on, whether their command came or not. It sweeps for
 * those that are due without: a command that was lost, or one that found no slot free, since what is received
 * may be more than there is room for by then.
 */
export function createQueuedOrders(options: {
  db: Sql
  drive: (...work: Parameters<Drive>) => Promise<unknown>
  now: () => Date
  logger: Logger
  metrics: Pick<OrderCommandMetrics, 'busy'>
  /** How many orders are worked on at once. */
  workers: number
  intervalMs: number
  leaseMs: number
}) {
  const { db, drive, now, logger, metrics } = options
  let areWaiting = false
  let stopping = new AbortController()
  const slots = createSlots(options.workers, (atWork, free) => {
    metrics.busy(atWork)
    if (areWaiting && free > 0) sweeper.nudge()
  })
  const sweeper = createSweeper({ name: 'queued orders', intervalMs: options.intervalMs, logger, sweep })

  async function sweep() {
    const room = slots.free()
    areWaiting = room < 1
    if (room < 1) return undefined
    const due = await leaseDueSagas(db, 'queued', { limit: room, leaseMs: options.leaseMs })
    areWaiting = due.length === room
    for (const saga of due) {
      const slot = claim()
      if (slot) work(slot, saga)
      else await parkSaga(db, saga, 0) // a command was faster
    }
    return undefined
  }

  /**
   * A slot for an order that is about to begin; null while there is none, and once it is to stop. Then the
   * order is begun by a sweep.
   */
  function claim(): Slot | null {
    const slot = stopping.signal.aborted ? null : slots.claim()
    areWaiting ||= slot === null
    return slot
  }

  /** Work an order on, leased to us, in a slot; if it does not end there the resumer goes on with it. */
  function work(slot: Slot, saga: StoredSaga): void {
    slot.work(async () => {
      try {
        await drive(saga, new Date(now().getTime() + WORK_MS), stopping.signal)
      } catch (error) {
        logger.error({ err: error, orderId: saga.orderId }, 'a saga stopped; it is resumed')
      }
    })
  }

  return {
    slots,
    claim,
    work,
    /** An order may be due: look now. */
    nudge: sweeper.nudge,
    start() {
      stopping = new AbortController()
      sweeper.start()
    },
    /** Nothing begins any more from here on, and what is in the slots waits for nothing. */
    async stop() {
      stopping.abort()
      await sweeper.stop()
    },
  }
}
export type QueuedOrders = ReturnType<typeof createQueuedOrders>
