import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderId, OrderProgress, OrderStatus } from '@boxoffice/contracts'
import type { Logger, Sql } from '@boxoffice/service-kit'
import { declarationOf, isTerminal } from '../saga/states.ts'
import { beginningOf, createDescriber } from './history.ts'
import { getOrder, type StoredOrder } from './order-repository.ts'
import { listProgress, type Progress } from './progress-repository.ts'

/**
 * Watches an order: yields what happened so far, then each step, until its saga ends or `signal` is aborted.
 */
export type WatchOrder = (
  order: { orderId: OrderId; createdAt: Date },
  signal: AbortSignal,
) => AsyncIterable<OrderProgress>

type Events = ReadonlyMap<OrderId, readonly Progress[]>
/** A watcher and the last event that it has seen. */
interface Watcher {
  readonly orderId: OrderId
  seen: number
}

const POLL_MS = 200
const PAUSE_MAX_MS = 5_000

/**
 * Polls the journals every 200 ms and once per process for all watchers, since other processes move sagas
 * too. Polls less and less often while the journals cannot be read.
 */
export function createOrderWatch({
  db,
  logger,
  pollMs = POLL_MS,
}: {
  db: Sql
  logger: Logger
  pollMs?: number
}): WatchOrder {
  const watchers = new Set<Watcher>()
  let round: Promise<Events> | null = null
  let failures = 0

  async function look(): Promise<Events> {
    const since = new Map<OrderId, number>()
    for (const { orderId, seen } of watchers) since.set(orderId, Math.min(seen, since.get(orderId) ?? seen))
    return Map.groupBy(await listProgress(db, since), ({ orderId }) => orderId)
  }

  /** Returns the poll that is running or next, so that a slow one is not joined by others. */
  function nextPoll(): Promise<Events> {
    round ??= sleep(Math.min(PAUSE_MAX_MS, pollMs * 2 ** failures), undefined, { ref: false }).then(
      async () => {
        try {
          const events = await look()
          failures = 0
          return events
        } catch (error) {
          if (failures++ === 0) logger.warn({ err: error }, 'reading watched orders failed, retrying')
          return new Map()
        } finally {
          round = null
        }
      },
    )
    return round
  }

  return async function* watch({ orderId, createdAt }, signal) {
    const watcher: Watcher = { orderId, seen: 0 }
    const describe = createDescriber()
    watchers.add(watcher)
    try {
      let events = await listProgress(db, new Map([[orderId, 0]]))
      const [first] = events
      if (first) yield { ...beginningOf({ createdAt }), ...orderOf(first) }
      for (;;) {
        for (const progress of events) {
          watcher.seen = progress.seq
          yield { ...describe(progress.event), ...orderOf(progress) }
        }
        const last = events.at(-1)
        if (signal.aborted || (last && isOver(last))) return
        // Not raced against the signal: a promise as long-lived as the stream would retain every poll's
        // result.
        const all = (await nextPoll()).get(orderId) ?? []
        events = all.filter(({ seq }) => seq > watcher.seen)
        if (signal.aborted) return
      }
    } finally {
      watchers.delete(watcher)
    }
  }
}

/** Waits while an order has one of these statuses, until `until` at most; returns the order as of then. */
export async function waitWhile(
  { db, now, watchOrder }: { db: Sql; now: () => Date; watchOrder: WatchOrder },
  order: StoredOrder,
  statuses: readonly OrderStatus[],
  until: Date,
): Promise<StoredOrder> {
  const waitMs = until.getTime() - now().getTime()
  if (!statuses.includes(order.status) || waitMs <= 0) return order
  for await (const { status } of watchOrder(order, AbortSignal.timeout(waitMs)))
    if (!statuses.includes(status)) break
  return getOrder(db, order.orderId)
}

const orderOf = ({ orderId, status, paymentStatus, failureReason }: Progress) => ({
  orderId,
  status,
  paymentStatus,
  ...(failureReason && { failureReason }),
})

/** Whether the order is confirmed or has failed, and nothing worth waiting for is left. */
const isOver = ({ event }: Progress): boolean =>
  isTerminal(event.state) || Boolean(declarationOf(event.state).isUnwatched)
