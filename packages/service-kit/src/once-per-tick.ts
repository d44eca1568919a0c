/**
 * Returns a function that runs `work` once for all its calls of one tick, after everything else in that tick.
 */
export function oncePerTick(work: () => void): () => void {
  let isScheduled = false
  return () => {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      work()
    })
  }
}
