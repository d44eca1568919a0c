import { connect, createServer, type Socket } from 'node:net'
import process from 'node:process'
import type { RedisFault } from './proxy.ts'

// A proxy between a service and its Redis that can delay or drop traffic. It reports its port, and receives
// the address of Redis and the fault over IPC.
let current: RedisFault = { targetPort: 0, lateMs: 0, lost: true }
const clients = new Set<Socket>()

const server = createServer({ noDelay: true }, (client) => {
  if (current.lost) return void client.resetAndDestroy()
  const redis = connect({ host: '127.0.0.1', port: current.targetPort, noDelay: true })
  clients.add(client)
  pass(client, redis, () => 0)
  pass(redis, client, () => current.lateMs)
})

/** Keeps the order of bytes: a later write is never delivered earlier. */
function pass(from: Socket, to: Socket, lateMsOf: () => number): void {
  from.on('data', (chunk) => {
    const lateMs = lateMsOf()
    if (lateMs === 0) to.write(chunk)
    else setTimeout(() => to.write(chunk), lateMs)
  })
  from.on('error', () => {})
  from.on('close', () => {
    clients.delete(from)
    to.destroy()
  })
}

process.on('message', (fault: RedisFault) => {
  current = fault
  if (fault.lost) for (const client of clients) client.resetAndDestroy()
  process.send?.('applied')
})
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
