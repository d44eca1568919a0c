import { SERVICE_UNAVAILABLE } from '@boxoffice/contracts'
import { createConcurrencyLimitByKey, RefusedError, refuse } from '@boxoffice/service-kit'

const tooMany = () =>
  new RefusedError(refuse(SERVICE_UNAVAILABLE, { message: 'too many buyers at once: try again shortly' }))

/**
 * Runs work one at a time per key, in order of arrival. Work that waits longer than `waitMs` is refused with
 * 503.
 */
export function createMutexByKey<Key>({ waitMs }: { waitMs: number }) {
  return createConcurrencyLimitByKey<Key>({ concurrent: 1, waitMs, refusal: tooMany }).run
}
export type MutexByKey<Key> = ReturnType<typeof createMutexByKey<Key>>
