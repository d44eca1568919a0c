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
import { restMsOf } from './apply.ts'
import type { StepResult } from './call.ts'
import type { StoredOrder } from './order.ts'
import { createRetry, type Patience, type RetryOptions } from './retry.ts'
import { renewLease, type StoredSaga } from './saga-repository.ts'
import { declarationOf, isTerminal } from './states.ts'

/** A lease is renewed so often while it lasts. */
export const RENEWALS = 3

export interface DriverOptions extends RetryOptions {
  step: (saga: StoredSaga) => Promise<StepResult>
  crashAt: CrashAt
  config: RetryOptions['config'] & Pick<Config, 'leaseMs'>
}

/**
 * Works a leased saga on, step by step, until it ends, has to wait for others, or `until` has passed; then
 * lets it rest. Once `stopped` is aborted it waits for nothing more. Gives the order as it stood with the
 * last move that it made; null where it made none. The lease is renewed meanwhile. Whatever another worker
 * or a message did in between is found by the version and respected.
 */
export function createDriver(options: DriverOptions) {
  const { db, step, move, crashAt, logger, config } = options
  const { retry, reread } = createRetry(options)

  return async (leased: StoredSaga, until: Date, stopped?: AbortSignal): Promise<StoredOrder | null> => {
    const patience: Patience = { until, stopped, order: null }
    const work = () => workOn(leased, patience)
    // A caller that waits has a trace; a worker that takes it up later goes on in the saga's own.
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
      const { orderId, state, lastError } = saga
      const { message } = error as Error
      if (message !== lastError) logger.error({ err: error, orderId, state }, 'a step of a saga failed')
      return retry(saga, { again: message, failing: true, never: isPermanent(error) }, patience)
    }
  }

  async function takeStep(saga: StoredSaga, patience: Patience): Promise<StoredSaga | null> {
    const { orderId, state } = saga
    const result = await inSpan(`saga ${state}`, { attributes: aboutOf(saga) }, () => step(saga))
    if (!('input' in result)) return retry(saga, result, patience)
    const { input } = result
    const applied = await move(saga, input)
    if (applied.applied) {
      logger.info({ orderId, state, next: applied.saga.state, input: input.type }, 'saga moved')
      patience.order = applied.order
      const { arrival } = declarationOf(applied.saga.state).crash ?? {}
      if (arrival) crashAt(arrival)
      return restMsOf(applied.saga.state, config) > 0 ? null : applied.saga
    }
    if (applied.why === 'stale') return reread(saga)
    // The call would be made again, at once and for ever, for an answer that changes nothing.
    throw new UnexpectedInput(state, input.type)
  }
}

const aboutOf = ({ orderId, attempts }: StoredSaga) => ({
  'boxoffice.order_id': orderId,
  'boxoffice.attempts': attempts,
})

export type Drive = ReturnType<typeof createDriver>
