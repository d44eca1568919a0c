import {
  type CrashAt,
  continueTrace,
  currentTraceparent,
  inSpan,
  isPermanent,
  isTransient,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { UnexpectedInput } from './advance.ts'
import { callDelayMsOf } from './apply.ts'
import type { StepResult } from './call.ts'
import type { StoredOrder } from './order.ts'
import { createRetry, type DriverRun, type RetryOptions } from './retry.ts'
import { renewLease, type StoredSaga } from './saga-repository.ts'
import { declarationOf, isTerminal } from './states.ts'

/** Renewals of a lease within its time. */
export const RENEWALS = 3

export interface DriverOptions extends RetryOptions {
  step: (saga: StoredSaga) => Promise<StepResult>
  crashAt: CrashAt
  config: RetryOptions['config'] & Pick<Config, 'leaseMs'>
}

/**
 * Drives a leased saga step by step, until it ends, has to wait for others, or `until` has passed; then parks
 * it. Once `stopped` is aborted it waits for nothing. Returns the order after the last move; null without a
 * move. Renews the lease meanwhile. Moves by other workers or messages are detected by the version and
 * respected.
 */
export function createDriver(options: DriverOptions) {
  const { db, step, move, crashAt, logger, config } = options
  const { retry, reread } = createRetry(options)

  return async (leased: StoredSaga, until: Date, stopped?: AbortSignal): Promise<StoredOrder | null> => {
    const run: DriverRun = { until, stopped, order: null }
    const work = () => workOn(leased, run)
    // A waiting caller has a trace; a worker that resumes the saga later continues the saga's own.
    await (currentTraceparent()
      ? work()
      : continueTrace(leased.traceparent, 'resume saga', work, aboutOf(leased)))
    return run.order
  }

  async function workOn(leased: StoredSaga, run: DriverRun): Promise<void> {
    const renewing = setInterval(() => {
      renewLease(db, leased, config.leaseMs).catch((error) =>
        logger.warn({ err: error, orderId: leased.orderId }, 'renewing the lease of a saga failed'),
      )
    }, config.leaseMs / RENEWALS)
    try {
      let saga: StoredSaga | null = leased
      while (saga && !isTerminal(saga.state)) saga = await attemptStep(saga, run)
    } finally {
      clearInterval(renewing)
    }
  }

  /**
   * Takes one step; returns the saga to continue with, null if it was parked or belongs to another worker.
   */
  async function attemptStep(saga: StoredSaga, run: DriverRun): Promise<StoredSaga | null> {
    try {
      return await takeStep(saga, run)
    } catch (error) {
      // The resumer reads the saga again.
      if (isTransient(error)) throw error
      const { orderId, state, lastError } = saga
      const { message } = error as Error
      if (message !== lastError) logger.error({ err: error, orderId, state }, 'saga step failed')
      return retry(saga, { retryReason: message, isFailure: true, isPermanent: isPermanent(error) }, run)
    }
  }

  async function takeStep(saga: StoredSaga, run: DriverRun): Promise<StoredSaga | null> {
    const { orderId, state } = saga
    const result = await inSpan(`saga ${state}`, { attributes: aboutOf(saga) }, () => step(saga))
    if (!('input' in result)) return retry(saga, result, run)
    const { input } = result
    const applied = await move(saga, input)
    if (applied.applied) {
      logger.info({ orderId, state, next: applied.saga.state, input: input.type }, 'saga moved')
      run.order = applied.order
      const { arrival } = declarationOf(applied.saga.state).crash ?? {}
      if (arrival) crashAt(arrival)
      return callDelayMsOf(applied.saga.state, config) > 0 ? null : applied.saga
    }
    if (applied.why === 'stale') return reread(saga)
    // Without this, the call would be repeated without end for an answer that changes nothing.
    throw new UnexpectedInput(state, input.type)
  }
}

const aboutOf = ({ orderId, attempts }: StoredSaga) => ({
  'boxoffice.order_id': orderId,
  'boxoffice.attempts': attempts,
})

export type Drive = ReturnType<typeof createDriver>
