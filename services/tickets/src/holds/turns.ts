/** One at a time per key, in the order in which they came; one that fails does not keep the next one waiting. */
export function createTurns<Key>() {
  const last = new Map<Key, Promise<unknown>>()
  return async <T>(key: Key, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work)
    last.set(key, turn)
    try {
      return await turn
    } finally {
      if (last.get(key) === turn) last.delete(key)
    }
  }
}
export type Turns<Key> = ReturnType<typeof createTurns<Key>>
