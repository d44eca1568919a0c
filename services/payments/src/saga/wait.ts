import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Drive } from './drive.ts'
import type { StoredOrder } from './order.ts'
import type { StoredSaga } from './saga-repository.ts'

/** Returns until when a caller that arrives now waits. */
export const waitsUntil = ({
  now,
  config,
}: {
  now: () => Date
  config: Pick<Config, 'checkoutWaitMs'>
}): Date => new Date(now().getTime() + config.checkoutWaitMs)

/**
 * Drives a leased saga for a caller who waits until `until` at most; the rest continues without the caller.
 * Returns the order once decided; null if it has to be read.
 */
export async function driveWhileWaiting(
  { drive, logger, now }: { drive: Drive; logger: Logger; now: () => Date },
  saga: StoredSaga,
  until: Date,
): Promise<StoredOrder | null> {
  const { orderId } = saga
  const waitMs = Math.max(0, until.getTime() - now().getTime())
  const driving = drive(saga, until).catch((error) => {
    logger.error({ err: error, orderId }, 'driving a saga failed, will be resumed')
    return null
  })
  const waiting = new AbortController()
  const order = await Promise.race([
    driving,
    sleep(waitMs, null, { signal: waiting.signal }).catch(() => null),
  ])
  waiting.abort()
  return order
}
