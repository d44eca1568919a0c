import { createSweeper, type Logger, type Sql } from '@boxoffice/service-kit'
import type { Drive } from '../saga/drive.ts'
import { leaseDueSagas, parkSaga, type StoredSaga } from '../saga/saga-repository.ts'
import type { OrderCommandMetrics } from './metrics.ts'
import { createSlots, type Slot } from './slots.ts'

/**
 * As long as a buyer would wait. Waiting for our own limits occupies the slot, which slows the queue down.
 */
const WORK_MS = 10_000

/**
 * Runs queued orders in slots, with or without their command. It polls for due orders whose command was lost
 * or found no free slot, since more commands may be received than there are slots.
 */
export function createQueuedOrders(options: {
  db: Sql
  drive: (...work: Parameters<Drive>) => Promise<unknown>
  now: () => Date
  logger: Logger
  metrics: Pick<OrderCommandMetrics, 'busy'>
  /** Most orders in progress at once. */
  workers: number
  intervalMs: number
  leaseMs: number
}) {
  const { db, drive, now, logger, metrics, workers, intervalMs } = options
  let areWaiting = false
  let stopping = new AbortController()
  const slots = createSlots(workers, (busy, free) => {
    metrics.busy(busy)
    if (areWaiting && free > 0) sweeper.nudge()
  })
  const sweeper = createSweeper({ name: 'queued orders', intervalMs, logger, sweep })

  async function sweep() {
    const room = slots.free()
    areWaiting = room < 1
    if (room < 1) return undefined
    const due = await leaseDueSagas(db, 'queued', { limit: room, leaseMs: options.leaseMs })
    areWaiting = due.length === room
    for (const saga of due) {
      const slot = claim()
      if (slot) work(slot, saga)
      else await parkSaga(db, saga, 0) // a command took the slot first
    }
    return undefined
  }

  /**
   * Claims a slot for an order that is about to begin; null if none is free or the service is stopping. A
   * poll begins it then.
   */
  function claim(): Slot | null {
    const slot = stopping.signal.aborted ? null : slots.claim()
    areWaiting ||= slot === null
    return slot
  }

  /** Drives a leased order in a slot; if it does not end there, the resumer continues it. */
  function work(slot: Slot, saga: StoredSaga): void {
    const { orderId } = saga
    const until = new Date(now().getTime() + WORK_MS)
    const onError = (error: unknown) =>
      logger.error({ err: error, orderId }, 'driving a saga failed, will be resumed')
    slot.work(() => drive(saga, until, stopping.signal).then(() => {}, onError))
  }

  return {
    slots,
    claim,
    work,
    /** Polls now, because an order may be due. */
    nudge: sweeper.nudge,
    start() {
      stopping = new AbortController()
      sweeper.start()
    },
    /** Stops beginning orders, and ends all waiting in the slots. */
    async stop() {
      stopping.abort()
      await sweeper.stop()
    },
  }
}
export type QueuedOrders = ReturnType<typeof createQueuedOrders>
