import { setTimeout as sleep } from 'node:timers/promises'
import type { Append } from '@boxoffice/messaging'
import type { Database, Logger } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { publishCompensationFailed, restMsOf } from './apply.ts'
import type { Again } from './call.ts'
import type { SagaMetrics } from './metrics.ts'
import type { MoveSaga } from './move-together.ts'
import type { StoredOrder } from './order.ts'
import { endFailing, findSagaForUpdate, noteFailing, parkSaga, type StoredSaga } from './saga-repository.ts'
import { declarationOf, stepOf } from './states.ts'

const SOON_MS = 300
const ALARM_AFTER_ATTEMPTS = 5

/** What a failed attempt waits: 0.5, 1, 2 … at most `sagaRetryMaxMs`, a quarter of it by chance. */
const backoffMs = (attempts: number, { sagaRetryMaxMs }: Pick<Config, 'sagaRetryMaxMs'>) =>
  Math.min(sagaRetryMaxMs, 250 * 2 ** Math.min(attempts, 10)) * (0.75 + Math.random() / 2)

export interface RetryOptions {
  db: Database
  append: Append
  move: MoveSaga
  logger: Logger
  sagaMetrics: Pick<SagaMetrics, 'compensationFailed'>
  config: Pick<Config, 'issueLimitMs' | 'sagaRetryMaxMs' | 'ticketsPatienceMs'>
}

/** How long a driver works on a saga, and what came of it. */
export interface Patience {
  until: Date
  stopped?: AbortSignal
  /** The order as of the saga's last transition. */
  order: StoredOrder | null
}

/**
 * Creates the retry behaviour of the driver, for steps that failed and sagas that another process has
 * advanced.
 */
export function createRetry({ db, append, move, logger, sagaMetrics, config }: RetryOptions) {
  /**
   * Waits and retries the step. A failure that should not happen is reported to operators, and the issue of
   * tickets is given up after `issueLimitMs`.
   */
  async function retry(
    saga: StoredSaga,
    { again, soon, failing, never }: Again & { never?: boolean },
    { until, stopped }: Patience,
  ): Promise<StoredSaga | null> {
    const { orderId, state } = saga
    if (!soon) saga.attempts++
    saga.lastError = again
    const waitMs = soon ? SOON_MS * (0.5 + Math.random()) : backoffMs(saga.attempts, config)
    logger.warn({ orderId, state, attempts: saga.attempts, why: again, waitMs }, 'saga step will be retried')
    const failed =
      failing && !soon ? await noteFailure(saga, again) : await endFailing(db, saga).then(() => null)
    const isLast = never || (failed !== null && failed.ms > config.issueLimitMs)
    if (isLast && declarationOf(state).reports?.ISSUE_GIVEN_UP) return giveUpIssue(saga, again)
    if (!stopped?.aborted && Date.now() + waitMs <= until.getTime()) {
      await sleep(waitMs, undefined, { signal: stopped }).catch(() => null)
      if (!stopped?.aborted) return reread(saga)
    }
    return park(saga, waitMs)
  }

  /** In one commit with the alarm, which is given once for as long as it fails. */
  async function noteFailure(saga: StoredSaga, why: string): Promise<{ ms: number } | null> {
    const step = stepOf(saga.state) ?? ''
    const failed = await db.transact(async (tx) => {
      const noted = await noteFailing(tx, saga)
      if (noted?.attempts === ALARM_AFTER_ATTEMPTS)
        await publishCompensationFailed(append, tx, saga, step, why)
      return noted
    })
    if (failed?.attempts === ALARM_AFTER_ATTEMPTS) sagaMetrics.compensationFailed(step)
    return failed
  }

  async function giveUpIssue(saga: StoredSaga, detail: string): Promise<StoredSaga | null> {
    logger.error(
      { orderId: saga.orderId, detail },
      'the tickets of a paid order were given up: its money goes back',
    )
    const applied = await move(saga, { type: 'ISSUE_GIVEN_UP', detail })
    return applied.applied ? applied.saga : reread(saga)
  }

  async function park(saga: StoredSaga, waitMs: number): Promise<null> {
    await parkSaga(db, saga, waitMs)
    return null
  }

  /**
   * The saga as it stands now; null when another worker has it, or a message has moved it to where it rests.
   */
  async function reread(saga: StoredSaga): Promise<StoredSaga | null> {
    const current = await db.transact((tx) => findSagaForUpdate(tx, saga.orderId))
    if (current?.fence !== saga.fence) return null
    const restMs = restMsOf(current.state, config)
    if (current.state !== saga.state && restMs > 0) return park(current, restMs)
    if (current.state !== saga.state) return current
    const { lastError } = saga
    return { ...current, attempts: Math.max(current.attempts, saga.attempts), lastError }
  }

  return { retry, reread }
}
