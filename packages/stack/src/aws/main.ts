import { createAws, messagingConfig, messagingEnvironment, provision } from '@boxoffice/messaging'
import { readEnvironment } from '@boxoffice/service-kit'
import { z } from 'zod'
import { serveUntilTold } from '../child.ts'
import { startAws } from './aws.ts'

// Ready when the current topology exists.
const environment = readEnvironment(
  z.object({ ...messagingEnvironment, PORT: z.coerce.number(), DATA_DIR: z.string() }),
  process.env,
)
const server = await startAws({ port: environment.PORT, dataDir: environment.DATA_DIR })
const client = createAws(messagingConfig(environment))
await provision(client)
client.close()
serveUntilTold(server.stop)
