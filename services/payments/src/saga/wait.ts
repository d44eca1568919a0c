import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { StoredOrder } from '../orders/order-repository.ts'
import type { Drive } from './drive.ts'
import type { StoredSaga } from './saga-repository.ts'

/** Until when somebody who comes now waits. */
export const waitsUntil = ({
  now,
  config,
}: {
  now: () => Date
  config: Pick<Config, 'checkoutWaitMs'>
}): Date => new Date(now().getTime() + config.checkoutWaitMs)

/**
 * Work a leased saga on for somebody who waits until `until` at most; what is left then goes on without them.
 * The order as it was decided; null where it has to be read.
 */
export async function driveWhileWaiting(
  { drive, logger, now }: { drive: Drive; logger: Logger; now: () => Date },
  saga: StoredSaga,
  until: Date,
): Promise<StoredOrder | null> {
  const { orderId } = saga
  const waitMs = Math.max(0, until.getTime() - now().getTime())
  const driving = drive(saga, until).catch((error) => {
    logger.error({ err: error, orderId }, 'a saga stopped; it is resumed')
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
