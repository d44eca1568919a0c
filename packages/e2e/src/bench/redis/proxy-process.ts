import { connect, createServer, type Socket } from 'node:net'
import process from 'node:process'
import type { Trouble } from './proxy.ts'

// Stands between a service and its Redis: passes everything on, late, or not at all. It says which port it
// has, and is told over IPC where Redis is and what is the matter with it.
let trouble: Trouble = { targetPort: 0, lateMs: 0, lost: true }
const clients = new Set<Socket>()

const server = createServer({ noDelay: true }, (client) => {
  if (trouble.lost) return void client.resetAndDestroy()
  const redis = connect({ host: '127.0.0.1', port: trouble.targetPort, noDelay: true })
  clients.add(client)
  pass(client, redis, () => 0)
  pass(redis, client, () => trouble.lateMs)
})

/** Bytes keep their order: what is written later is at least as late. */
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

process.on('message', (told: Trouble) => {
  trouble = told
  if (told.lost) for (const client of clients) client.resetAndDestroy()
  process.send?.('told')
})
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
