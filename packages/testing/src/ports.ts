import { createServer, type Server } from 'node:net'

/**
 * Where ports for tests are: below what Linux (32768) and macOS (49152) give to outgoing connections. So
 * nobody gets one of these by chance, neither while we start nor while a service that we killed comes back.
 */
const FIRST_PORT = 12_000
const END_PORT = 32_000
const BLOCK = 50

interface Lease {
  /**
   * Listens on the block's first port for as long as this process lives: that is what makes the block ours.
   */
  readonly guard: Server
  next: number
  readonly end: number
}
let lease: Promise<Lease> | null = null

/**
 * A port of 127.0.0.1 for the caller alone, until this process ends: no other process that asks here gets it,
 * also while nothing listens on it, and the kernel gives it to no outgoing connection. Throws when 20,000
 * ports are in use.
 */
export async function claimPort(): Promise<number> {
  for (;;) {
    lease ??= leaseBlock()
    const asked = lease
    const block = await asked
    const port = block.next++
    if (port >= block.end) {
      if (lease === asked) lease = null // the first who finds it used up; the others take the next one with it
      continue
    }
    if (await isFree(port)) return port
  }
}

/** Whether nothing listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port)
  if (!server) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

/**
 * Begins anywhere, so that two runs rarely look at the same blocks; whoever listens on the first port of one
 * has it.
 */
async function leaseBlock(): Promise<Lease> {
  const blocks = (END_PORT - FIRST_PORT) / BLOCK
  const begin = Math.floor(Math.random() * blocks)
  for (let tried = 0; tried < blocks; tried++) {
    const first = FIRST_PORT + ((begin + tried) % blocks) * BLOCK
    const guard = await listen(first)
    if (guard) return { guard: guard.unref(), next: first + 1, end: first + BLOCK }
  }
  throw new Error(`no ports between ${FIRST_PORT} and ${END_PORT} are left`)
}

/** A server on that port; null when it is taken. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    )
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}
