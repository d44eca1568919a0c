import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@boxoffice/service-kit'
import type { Drive } from './drive.ts'
import type { StoredSaga } from './saga-repository.ts'

/** Work a leased saga on for somebody who waits, at most `waitMs`; what is left then goes on without them. */
export async function driveWhileWaiting(
  { drive, logger, now }: { drive: Drive; logger: Logger; now: () => Date },
  saga: StoredSaga,
  waitMs: number,
): Promise<void> {
  const { orderId } = saga
  const until = new Date(now().getTime() + waitMs)
  const driving = drive(saga, until).catch((error) => logger.error({ err: error, orderId }, 'a saga stopped; it is resumed'))
  const waiting = new AbortController()
  await Promise.race([driving, sleep(waitMs, null, { signal: waiting.signal }).catch(() => null)])
  waiting.abort()
}
