import { setTimeout as sleep } from 'node:timers/promises'
import type { Append } from '@boxoffice/messaging'
import type { Database, Logger } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { callDelayMsOf, publishCompensationFailed } from './apply.ts'
import type { Retry } from './call.ts'
import type { SagaMetrics } from './metrics.ts'
import type { MoveSaga } from './move-together.ts'
import type { StoredOrder } from './order.ts'
import {
  clearFailures,
  countFailure,
  findSagaForUpdate,
  parkSaga,
  type StoredSaga,
} from './saga-repository.ts'
import { declarationOf, stepOf } from './states.ts'

/** The average wait for a limit of our own; each wait varies by ± 50 % at random. */
const OWN_LIMIT_WAIT_MS = 300
const ALARM_AFTER_ATTEMPTS = 5

/**
 * The wait after a failed attempt, in ms: 500, 1,000, 2,000 … at most `sagaRetryMaxMs`, each ± 25 % at
 * random.
 */
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

/** When a driver must stop, and the order as of the saga's last transition. */
export interface DriverRun {
  until: Date
  stopped?: AbortSignal
  order: StoredOrder | null
}

/** Creates what a driver does when a step fails, or when another process has advanced its saga. */
export function createRetry({ db, append, move, logger, sagaMetrics, config }: RetryOptions) {
  /**
   * Retries the step after a wait. Alerts operators when a step that must succeed keeps failing; gives up
   * issuing tickets after `issueLimitMs`, and at once after a permanent error.
   */
  async function retry(
    saga: StoredSaga,
    { retryReason, isOwnLimit, isFailure, isPermanent }: Retry & { isPermanent?: boolean },
    { until, stopped }: DriverRun,
  ): Promise<StoredSaga | null> {
    const { orderId, state } = saga
    if (!isOwnLimit) saga.attempts++
    saga.lastError = retryReason
    const waitMs = isOwnLimit ? OWN_LIMIT_WAIT_MS * (0.5 + Math.random()) : backoffMs(saga.attempts, config)
    logger.warn(
      { orderId, state, attempts: saga.attempts, why: retryReason, waitMs },
      'saga step will be retried',
    )
    const failed =
      isFailure && !isOwnLimit
        ? await noteFailure(saga, retryReason)
        : await clearFailures(db, saga).then(() => null)
    const isLast = isPermanent || (failed !== null && failed.ms > config.issueLimitMs)
    if (isLast && declarationOf(state).reports?.ISSUE_GIVEN_UP) return giveUpIssue(saga, retryReason)
    if (!stopped?.aborted && Date.now() + waitMs <= until.getTime()) {
      await sleep(waitMs, undefined, { signal: stopped }).catch(() => null)
      if (!stopped?.aborted) return reread(saga)
    }
    return park(saga, waitMs)
  }

  /** Committed together with the alert, which is sent once per series of failures. */
  async function noteFailure(saga: StoredSaga, why: string): Promise<{ ms: number } | null> {
    const step = stepOf(saga.state) ?? ''
    const failed = await db.transact(async (tx) => {
      const noted = await countFailure(tx, saga)
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
      'gave up issuing the tickets of a paid order: refunding it',
    )
    const applied = await move(saga, { type: 'ISSUE_GIVEN_UP', detail })
    return applied.applied ? applied.saga : reread(saga)
  }

  async function park(saga: StoredSaga, waitMs: number): Promise<null> {
    await parkSaga(db, saga, waitMs)
    return null
  }

  /** Reads the saga again; null when another worker has it, or a message has moved it to a waiting state. */
  async function reread(saga: StoredSaga): Promise<StoredSaga | null> {
    const current = await db.transact((tx) => findSagaForUpdate(tx, saga.orderId))
    if (current?.fence !== saga.fence) return null
    const delayMs = callDelayMsOf(current.state, config)
    if (current.state !== saga.state && delayMs > 0) return park(current, delayMs)
    if (current.state !== saga.state) return current
    const { lastError } = saga
    return { ...current, attempts: Math.max(current.attempts, saga.attempts), lastError }
  }

  return { retry, reread }
}
