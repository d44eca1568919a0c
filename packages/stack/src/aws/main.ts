import { createAws, provision } from '@boxoffice/messaging'
import { serveUntilTold } from '../child.ts'
import { startAws } from './aws.ts'
import { loadConfig } from './config.ts'

// Ready means: every topic, queue and subscription of today's topology exists.
const { messaging, provisions, ...options } = loadConfig(process.env)
const server = await startAws(options)
if (provisions) {
  const client = createAws(messaging)
  await provision(client)
  client.close()
}
serveUntilTold(server.stop)
