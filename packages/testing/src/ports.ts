import { createServer, type Server } from 'node:net'

/**
 * The port range for tests: below the range for outgoing connections of Linux (32768) and macOS (49152). So
 * no other process gets one by chance, neither while a service starts nor while a killed one restarts.
 */
const FIRST_PORT = 12_000
const END_PORT = 32_000
const BLOCK = 50

interface Lease {
  /** Claims a block by listening on its first port for the lifetime of this process. */
  readonly guard: Server
  next: number
  readonly end: number
}
let lease: Promise<Lease> | null = null

/**
 * Claims a port of 127.0.0.1 until this process ends: no other process that claims ports here gets it, even
 * while nothing listens on it, and the kernel uses it for no outgoing connection. Throws when 20,000 ports
 * are in use.
 */
export async function claimPort(): Promise<number> {
  for (;;) {
    lease ??= leaseBlock()
    const asked = lease
    const block = await asked
    const port = block.next++
    if (port >= block.end) {
      // the first caller that exhausts the block claims the next one; the others share it
      if (lease === asked) lease = null
      continue
    }
    if (await isFree(port)) return port
  }
}

/** Returns whether nothing listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port)
  if (!server) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

/**
 * Starts at a random block, so that two runs rarely compete; the process that listens on a block's first
 * port owns it.
 */
async function leaseBlock(): Promise<Lease> {
  const blocks = (END_PORT - FIRST_PORT) / BLOCK
  const begin = Math.floor(Math.random() * blocks)
  for (let tried = 0; tried < blocks; tried++) {
    const first = FIRST_PORT + ((begin + tried) % blocks) * BLOCK
    const guard = await listen(first)
    if (guard) return { guard: guard.unref(), next: first + 1, end: first + BLOCK }
  }
  throw new Error(`no free ports between ${FIRST_PORT} and ${END_PORT}`)
}

/** Listens on a port; returns null if it is in use. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    )
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}
