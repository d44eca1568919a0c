import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

// The purchase as a durable workflow of DBOS: the same four steps, each a call of the same peer, with
// limited concurrency.
const input = JSON.parse(process.argv[2] ?? '') as {
  folder: string
  databaseUrl: string
  peerUrl: string
  crowd: number
  seconds: number
}
const require = createRequire(path.join(input.folder, 'package.json'))
const { DBOS } = await import(pathToFileURL(require.resolve('@dbos-inc/dbos-sdk')).href)

const call = async (step: string, orderId: string): Promise<unknown> => {
  const response = await fetch(`${input.peerUrl}/step/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId }),
  })
  return response.json()
}
const STEPS = ['reserve', 'charge', 'pay', 'tickets']
const purchase = DBOS.registerWorkflow(
  async (orderId: string) => {
    for (const step of STEPS) await DBOS.runStep(() => call(step, orderId), { name: step })
    return orderId
  },
  { name: 'purchase' },
)
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: input.databaseUrl,
  systemDatabasePoolSize: 20,
  logLevel: 'error',
  runAdminServer: false,
})
await DBOS.launch()
for (let index = 0; index < 5; index++) await purchase(randomUUID())

process.send?.({ ready: true })
const startedMs = performance.now()
const endMs = startedMs + input.seconds * 1_000
let workflows = 0
const buyer = async () => {
  while (performance.now() < endMs) {
    const orderId = randomUUID()
    await (await DBOS.startWorkflow(purchase, { workflowID: orderId })(orderId)).getResult()
    workflows++
  }
}
await Promise.all(Array.from({ length: input.crowd }, buyer))
process.send?.({
  result: { seconds: (performance.now() - startedMs) / 1_000, workflows, steps: workflows * STEPS.length },
})
process.on('disconnect', () => process.exit(0))
