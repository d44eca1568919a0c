import { loadConfig } from './config.ts'
import { createSandbox } from './sandbox.ts'

const { host, port, ...config } = loadConfig(process.env)
const { app, webhooks } = createSandbox({ ...config, now: Date.now })

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await app.close()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('disconnect', stop)

await app.listen({ host, port })
webhooks.start()
process.send?.('ready')
