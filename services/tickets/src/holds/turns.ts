import { type Bulkhead, createBulkhead } from './bulkhead.ts'

/** One at a time per key, in the order in which they came; whoever waits longer than `waitMs` is refused with 503. */
export function createTurns<Key>({ waitMs }: { waitMs: number }) {
  const queues = new Map<Key, { enter: Bulkhead; size: number }>()
  return async <T>(key: Key, work: () => Promise<T>): Promise<T> => {
    const queue = queues.get(key) ?? { enter: createBulkhead({ places: 1, waitMs }), size: 0 }
    queues.set(key, queue)
    queue.size++
    try {
      return await queue.enter(work)
    } finally {
      if (--queue.size === 0) queues.delete(key)
    }
  }
}
export type Turns<Key> = ReturnType<typeof createTurns<Key>>
