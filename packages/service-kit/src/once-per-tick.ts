/**
 * Does `work` once for all calls of one turn of the event loop, after everything that the loop does in it.
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
