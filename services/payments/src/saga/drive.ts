import { setTimeout as sleep } from 'node:timers/promises'
import type { Append } from '@boxoffice/messaging'
import {
  type CrashAt,
  continueTrace,
  currentTraceparent,
  type Database,
  inSpan,
  isPermanent,
  isTransient,
  type Logger,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { StoredOrder } from '../orders/order-repository.ts'
import { publishCompensationFailed, restMsOf } from './apply.ts'
import type { SagaMetrics } from './metrics.ts'
import type { MoveSaga } from './move-together.ts'
import type { createRemoteSteps } from './remote-steps.ts'
import { isTerminal, type SagaInput, stepOf } from './saga.ts'
import {
  endFailing,
  findSagaForUpdate,
  noteFailing,
  parkSaga,
  renewLease,
  type StoredSaga,
} from './saga-repository.ts'
import type { StepResult } from './step-ports.ts'

/** A lease is renewed so often while it lasts. */
export const RENEWALS = 3
const SOON_MS = 300
const ALARM_AFTER_ATTEMPTS = 5

/** What a failed attempt waits: 0.5, 1, 2 … at most `sagaRetryMaxMs`, a quarter of it by chance. */
const backoffMs = (attempts: number, { sagaRetryMaxMs }: Pick<Config, 'sagaRetryMaxMs'>) =>
  Math.min(sagaRetryMaxMs, 250 * 2 ** Math.min(attempts, 10)) * (0.75 + Math.random() / 2)

export interface DriverOptions {
  db: Database
  append: Append
  step: ReturnType<typeof createRemoteSteps>
  move: MoveSaga
  crashAt: CrashAt
  logger: Logger
  sagaMetrics: Pick<SagaMetrics, 'compensationFailed'>
  config: Pick<Config, 'issueLimitMs' | 'leaseMs' | 'sagaRetryMaxMs' | 'ticketsPatienceMs'>
}

interface Patience {
  until: Date
  stopped?: AbortSignal
  /** As it stood when it was last moved. */
  order: StoredOrder | null
}

/**
 * Works a leased saga on, step by step, until it ends, has to wait for others, or `until` has passed; then
 * lets it rest. Once `stopped` is aborted it waits for nothing more. Gives the order as it stood with the
 * last move that it made; null where it made none. The lease is renewed meanwhile. Whatever another worker or
 * a message did in between is found by the version and respected.
 */
export function createDriver({
  db,
  append,
  step,
  move,
  crashAt,
  logger,
  sagaMetrics,
  config,
}: DriverOptions) {
  return async (leased: StoredSaga, until: Date, stopped?: AbortSignal): Promise<StoredOrder | null> => {
    const patience: Patience = { until, stopped, order: null }
    const work = () => workOn(leased, patience)
    // Who waits for it has a trace at work; who takes it up later goes on in the saga's own.
    await (currentTraceparent()
      ? work()
      : continueTrace(leased.traceparent, 'resume saga', work, aboutOf(leased)))
    return patience.order
  }

  async function workOn(leased: StoredSaga, patience: Patience): Promise<void> {
    const renewing = setInterval(() => {
      renewLease(db, leased, config.leaseMs).catch((error) =>
        logger.warn({ err: error, orderId: leased.orderId }, 'the lease was not renewed'),
      )
    }, config.leaseMs / RENEWALS)
    try {
      let saga: StoredSaga | null = leased
      while (saga && !isTerminal(saga.state)) saga = await turn(saga, patience)
    } finally {
      clearInterval(renewing)
    }
  }

  /** One step; the saga to go on with, null where it rests or is another's. */
  async function turn(saga: StoredSaga, patience: Patience): Promise<StoredSaga | null> {
    try {
      return await takeStep(saga, patience)
    } catch (error) {
      // Whoever resumes it finds what the database has.
      if (isTransient(error)) throw error
      logger.error({ err: error, orderId: saga.orderId, state: saga.state }, 'a step of a saga failed')
      return retry(
        saga,
        { again: (error as Error).message, failing: true, never: isPermanent(error) },
        patience,
      )
    }
  }

  async function takeStep(saga: StoredSaga, patience: Patience): Promise<StoredSaga | null> {
    const result = await inSpan(`saga ${saga.state}`, { attributes: aboutOf(saga) }, () => step(saga))
    if ('input' in result) {
      const applied = await move(saga, result.input)
      if (applied.applied) {
        logger.info(
          { orderId: saga.orderId, state: saga.state, next: applied.saga.state, input: result.input.type },
          'saga moved',
        )
        patience.order = applied.order
        if (applied.saga.state === 'AWAITING_TICKETS') crashAt('saga.paid')
        return restMsOf(applied.saga.state, config) > 0 ? null : applied.saga
      }
      return reread(saga)
    }
    return retry(saga, result, patience)
  }

  /**
   * The step is made again after a wait. Of one that should have succeeded people are told, and an issue is
   * given up at last.
   */
  async function retry(
    saga: StoredSaga,
    { again, soon, failing, never }: Exclude<StepResult, { input: SagaInput }> & { never?: boolean },
    { until, stopped }: Patience,
  ): Promise<StoredSaga | null> {
    const { orderId, state } = saga
    if (!soon) saga.attempts++
    saga.lastError = again
    const waitMs = soon ? SOON_MS * (0.5 + Math.random()) : backoffMs(saga.attempts, config)
    logger.warn({ orderId, state, attempts: saga.attempts, why: again, waitMs }, 'a step is made again')
    const failed =
      failing && !soon ? await noteFailure(saga, again) : await endFailing(db, saga).then(() => null)
    const isLast = never || (failed !== null && failed.ms > config.issueLimitMs)
    if (isLast && stepOf(state) === 'ISSUE') return giveUpIssue(saga, again)
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
   * The saga as it stands now; null when another worker has it, or when a message has moved it to where it
   * rests.
   */
  async function reread(saga: StoredSaga): Promise<StoredSaga | null> {
    const current = await db.transact((tx) => findSagaForUpdate(tx, saga.orderId))
    if (current?.fence !== saga.fence) return null
    const restMs = restMsOf(current.state, config)
    if (current.state !== saga.state && restMs > 0) return park(current, restMs)
    return {
      ...current,
      attempts: current.state === saga.state ? Math.max(current.attempts, saga.attempts) : current.attempts,
    }
  }
}

const aboutOf = ({ orderId, attempts }: StoredSaga) => ({
  'boxoffice.order_id': orderId,
  'boxoffice.attempts': attempts,
})

export type Drive = ReturnType<typeof createDriver>
