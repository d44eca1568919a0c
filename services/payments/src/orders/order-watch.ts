import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderId, OrderProgress } from '@boxoffice/contracts'
import type { Logger, Sql } from '@boxoffice/service-kit'
import { isTerminal, type SagaState } from '../saga/saga.ts'
import { beginningOf, createTeller } from './history.ts'
import { listProgress, type Progress } from './progress-repository.ts'

/**
 * Watch an order: what happened so far, then each step as it happens, until there is nothing more to tell or
 * `signal` is aborted.
 */
export type WatchOrder = (
  order: { orderId: OrderId; createdAt: Date },
  signal: AbortSignal,
) => AsyncIterable<OrderProgress>

type News = ReadonlyMap<OrderId, readonly Progress[]>
/** Who watches, and how far they have been told. */
interface Watcher {
  readonly orderId: OrderId
  toldTo: number
}

const POLL_MS = 200
const PAUSE_MAX_MS = 5_000

/**
 * One look at the journals in 200 ms and process for all who watch, whoever moves the sagas: other processes
 * do too. While they cannot be read, less and less often.
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
  let round: Promise<News> | null = null
  let failures = 0

  async function look(): Promise<News> {
    const since = new Map<OrderId, number>()
    for (const { orderId, toldTo } of watchers)
      since.set(orderId, Math.min(toldTo, since.get(orderId) ?? toldTo))
    return Map.groupBy(await listProgress(db, since), ({ orderId }) => orderId)
  }

  /** The look that is coming or at work, whoever asks: one that takes long is not joined by others. */
  function nextRound(): Promise<News> {
    round ??= sleep(Math.min(PAUSE_MAX_MS, pollMs * 2 ** failures), undefined, { ref: false }).then(
      async () => {
        try {
          const news = await look()
          failures = 0
          return news
        } catch (error) {
          if (failures++ === 0)
            logger.warn({ err: error }, 'the orders that are watched could not be read; they are read again')
          return new Map()
        } finally {
          round = null
        }
      },
    )
    return round
  }

  return async function* watch({ orderId, createdAt }, signal) {
    const watcher: Watcher = { orderId, toldTo: 0 }
    const tell = createTeller()
    watchers.add(watcher)
    try {
      let news = await listProgress(db, new Map([[orderId, 0]]))
      const [first] = news
      if (first) yield { ...beginningOf({ createdAt }), ...orderOf(first) }
      for (;;) {
        for (const progress of news) {
          watcher.toldTo = progress.seq
          yield { ...tell(progress.event), ...orderOf(progress) }
        }
        const last = news.at(-1)
        if (signal.aborted || (last && isAllTold(last))) return
        // Not raced against the signal: a promise that lasts as long as the stream would keep every round's
        // answer.
        const all = (await nextRound()).get(orderId) ?? []
        news = all.filter(({ seq }) => seq > watcher.toldTo)
        if (signal.aborted) return
      }
    } finally {
      watchers.delete(watcher)
    }
  }
}

const orderOf = ({ orderId, status, paymentStatus, failureReason }: Progress) => ({
  orderId,
  status,
  paymentStatus,
  ...(failureReason && { failureReason }),
})

/**
 * The order is confirmed or came to nothing, and its saga has nothing left to do. Whether a gateway that was
 * away charged after all may be asked for days: nobody waits for that.
 */
const isAllTold = ({ event }: Progress): boolean =>
  isTerminal(event.state) || askedForDays.includes(event.state)
const askedForDays: readonly SagaState[] = ['REFUND_IF_CHARGED']
