/**
 * Runs a child process of the supervisor once it serves: reports that it is ready, and ends with `stop` on
 * SIGTERM, SIGINT, or when the supervisor is gone (the IPC channel closes when it dies, however it died).
 */
export function serveUntilTold(stop: () => Promise<unknown>): void {
  let stopping = false
  const end = async () => {
    if (stopping) return
    stopping = true
    await stop()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('disconnect', end)
  process.send?.('ready')
}
