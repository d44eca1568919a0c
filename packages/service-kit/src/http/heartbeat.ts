const SLOTS = 15

/**
 * Calls each registered callback once per `intervalMs`, with one timer for all and a part of them at a time:
 * thousands of streams must not write at once. Returns a function that stops it.
 */
export function beatEvery(intervalMs: number): (beat: () => void) => () => void {
  const slots = Array.from({ length: SLOTS }, () => new Set<() => void>())
  let timer: NodeJS.Timeout | undefined
  let count = 0
  let next = 0

  function tick(): void {
    next = (next + 1) % SLOTS
    for (const beat of slots[next] as Set<() => void>) beat()
  }

  return (beat) => {
    // First called after one interval.
    const slot = slots[next] as Set<() => void>
    slot.add(beat)
    if (++count === 1) timer = setInterval(tick, intervalMs / SLOTS).unref()
    return () => {
      if (slot.delete(beat) && --count === 0) clearInterval(timer)
    }
  }
}
