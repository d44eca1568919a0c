import { RefusedError, refuse } from '@boxoffice/service-kit'

/** At most `places` at once; who finds none within `waitMs` is refused with 503, and nothing has happened. */
export function createBulkhead({ places, waitMs }: { places: number; waitMs: number }) {
  let taken = 0
  const queue: (() => void)[] = []

  function enter(): Promise<void> {
    if (taken < places) {
      taken++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(admit), 1)
        reject(new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'too many buyers at once: try again shortly')))
      }, waitMs)
      queue.push(admit)
    })
  }

  function leave(): void {
    const next = queue.shift()
    if (next) next()
    else taken--
  }

  return async <T>(work: () => Promise<T>): Promise<T> => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
export type Bulkhead = ReturnType<typeof createBulkhead>
